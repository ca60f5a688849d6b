import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { lines, ownModes, peerModes, timeMode, timeOwn, type Mode, type Timing } from './modes.js';
import { compared, type NetSize } from './net.js';
import { peerPython } from './peers.js';

/**
 * `npm run bench -- dp-sgd [--json] [--rounds 3]`: the DP-SGD step of dpbench beside those of PyTorch and Opacus, on one
 * machine in one call. Each round runs each mode in a process of its own, dpbench's between the peers', because a shared
 * machine changes its speed within minutes; the ratio is that of the medians over the rounds.
 */
const flags = process.argv.slice(2);
const json = flags.includes('--json');
const rounds = flags.includes('--rounds') ? Number(flags[flags.indexOf('--rounds') + 1]) : 3;
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`bench: --rounds is a whole number above 0; got ${rounds}`);
const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);

const order: readonly Mode[] = [
  'opacus_hooks',
  'float32',
  'torch_func',
  'bfloat16',
  'torch_func_bfloat16',
  'float32',
  'opacus_ghost',
  'bfloat16',
  'torch_not_private',
];
const compares = {
  float32_vs_opacus_hooks: ['float32', 'opacus_hooks'],
  float32_vs_opacus_ghost: ['float32', 'opacus_ghost'],
  float32_vs_torch_func: ['float32', 'torch_func'],
  bfloat16_vs_opacus_hooks: ['bfloat16', 'opacus_hooks'],
  bfloat16_vs_torch_func_bfloat16: ['bfloat16', 'torch_func_bfloat16'],
} as const satisfies Record<string, readonly [Mode, Mode]>;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The highest load average that was seen: these programs alone keep all cores busy. */
let busiest = 0;

/** All timings of each mode. */
function measure(python: string): Map<Mode, Timing[]> {
  const timings = new Map<Mode, Timing[]>([...ownModes, ...peerModes].map((mode) => [mode, []]));
  for (let round = 1; round <= rounds; round++)
    for (const mode of order) {
      const timing = timeMode(mode, python);
      timings.get(mode)!.push(timing);
      busiest = Math.max(busiest, loadavg()[0]!);
      say(`round ${round}: ${mode} ${timing.seconds.toFixed(3)} s (load ${loadavg()[0]!.toFixed(1)})`);
    }
  return timings;
}

function showSteps(timings: Map<Mode, Timing[]>): void {
  say(`\none step, batch ${compared.batch}: median seconds (fastest to slowest process), peak MB`);
  for (const [mode, all] of timings) {
    const seconds = all.map((timing) => timing.seconds);
    const spread = `${Math.min(...seconds).toFixed(3)} to ${Math.max(...seconds).toFixed(3)}`;
    const compile =
      all[0]!.compile === undefined ? '' : `, first step ${median(all.map((t) => t.compile!)).toFixed(1)} s`;
    const peak = Math.max(...all.map((timing) => timing.peak_mb)).toFixed(0);
    say(`${mode.padEnd(20)} ${median(seconds).toFixed(3)} (${spread})  ${peak.padStart(5)} MB${compile}`);
  }
  if (busiest > availableParallelism() + 1)
    say(
      `Others used the machine (load ${busiest.toFixed(1)}), and PyTorch's spinning threads lose most: repeat when idle.`,
    );
  say(
    'dpbench and Opacus clip, add noise and update the parameters; torch.func clips only; torch alone is not private.',
  );
}

function engineRates(): void {
  say('\nengine, 10^9 operations a second');
  const program = fileURLToPath(new URL('engine-rates.js', import.meta.url));
  for (const { kernel, value } of lines<{ kernel: string; value: number }>(process.execPath, [program]))
    say(`${kernel.padEnd(36)} ${value.toFixed(value < 10 ? 1 : 0)}`);
}

/** dpbench's float32 step with one length changed at a time. */
function showGrowth(): void {
  say('\nhow the float32 step grows (2 blocks; seconds)');
  const base: NetSize = { ...compared, blocks: 2, batch: 32, width: 32 };
  const series = { batch: [16, 32, 64, 128], width: [16, 32, 64, 128], side: [7, 14, 28, 56] };
  for (const [name, values] of Object.entries(series)) {
    const reports = timeOwn(
      'float32',
      values.map((value) => ({ ...base, [name]: value })),
    );
    const [first, last] = [reports[0]!.seconds, reports.at(-1)!.seconds];
    const power = Math.log(last / first) / Math.log(values.at(-1)! / values[0]!);
    const points = values.map((value, i) => `${value}: ${reports[i]!.seconds.toFixed(4)}`);
    say(`${name.padEnd(6)} ${points.join('   ')}   ~ ${name}^${power.toFixed(2)}`);
  }
}

const python = peerPython();
if (!json) engineRates();
const timings = measure(python);
showSteps(timings);
const seconds = (mode: Mode) => median(timings.get(mode)!.map((timing) => timing.seconds));
const ratios = Object.fromEntries(
  Object.entries(compares).map(([name, [own, peer]]) => [name, Number((seconds(peer) / seconds(own)).toFixed(3))]),
);
say('\nratios, above 1: dpbench is faster');
for (const [name, ratio] of Object.entries(ratios)) say(`${name.padEnd(32)} ${ratio.toFixed(2)}`);
if (!json) showGrowth();
const peaks = [...timings].map(([mode, all]) => [mode, Math.round(Math.max(...all.map((timing) => timing.peak_mb)))]);
if (json) process.stdout.write(`${JSON.stringify({ ratios, peak_mb: Object.fromEntries(peaks) as object })}\n`);

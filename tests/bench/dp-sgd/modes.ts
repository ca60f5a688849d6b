import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { computeEnvironment } from '../../../lib/tensor/index.js';
import { compared, type NetSize } from './net.js';
import { source } from './peers.js';
import type { StepReport, StepRequest } from './step.js';

/** What is timed: two modes of dpbench and five of its peers, each in a process of its own. */
export const peerModes = [
  'torch_not_private',
  'torch_func',
  'torch_func_bfloat16',
  'opacus_hooks',
  'opacus_ghost',
] as const;
export const ownModes = ['float32', 'bfloat16'] as const;
export type Mode = (typeof peerModes)[number] | (typeof ownModes)[number];

export interface Timing {
  readonly seconds: number;
  readonly peak_mb: number;
  /** Seconds of the first step, where a graph is recorded in it. */
  readonly compile?: number;
}

/** One process that times one mode; the same environment variables for all. */
export function timeMode(mode: Mode, python: string): Timing {
  if (mode === 'float32' || mode === 'bfloat16') return timeOwn(mode, [compared])[0]!;
  return lines<Timing>(python, [source('dp_sgd_peer.py'), mode])[0]!;
}

/** dpbench's step at several sizes, in one process. */
export function timeOwn(precision: StepRequest['precision'], sizes: readonly NetSize[]): StepReport[] {
  const request: StepRequest = { precision, sizes };
  return lines(process.execPath, [fileURLToPath(new URL('step.js', import.meta.url)), JSON.stringify(request)]);
}

/** What a program prints as lines of JSON. */
export function lines<Line>(program: string, args: readonly string[]): Line[] {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env: computeEnvironment({ ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }),
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`bench: ${program} ${args.join(' ')} failed: ${error?.message ?? stderr.trim().slice(-2000)}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { composedEvent } from '../../../lib/core/events.js';
import { calibrate, noiseMultiplier } from '../../../lib/privacy/index.js';
import { gaussianSteps } from '../../../lib/privacy/epsilon.js';
import { pld } from '../../../lib/privacy/pld.js';
import { rdp } from '../../../lib/privacy/rdp.js';

/**
 * What published runs of the reference implementation printed: the noise that they found and epsilon after each epoch.
 * More of its numbers are in rdp.test.ts (divergences, epsilons), calibrate.test.ts (noise) and gaussian.test.ts.
 */
const golden = JSON.parse(readFileSync(new URL('../../golden/reference-logs.json', import.meta.url), 'utf8')) as {
  logs: { log: string; records: number; delta: number; batches: number; epsilon: number; trace: string[] }[];
};

const deltaOf = (records: number) => 1 / (records * Math.log(records));
const asReference = { accountant: 'rdp', orders: 'reference', search: 'reference' } as const;

/** Queries that a run had made before: [noise multiplier, rate, count], from the configuration in the first line of its log. */
const earlier: Record<string, [number, number, number][]> = {
  'DP-FETA/mnist_28_eps1.0val.txt': [[5, 0.11, 5]],
  'PrivImage/mnist_28_eps10.0val.txt': [[50, 1, 1]],
};
const epochs: Record<string, number> = { DPDM: 100, 'DP-LDM-SD': 50 };

describe.each(golden.logs)('$log', ({ log, records, delta, batches, epsilon, trace }) => {
  const steps = batches * (epochs[log.split('/')[0]!] ?? 150);
  const fixed = (earlier[log] ?? []).map(([noise, rate, count]) => gaussianSteps(noise, rate, count));
  const noise = calibrate((z) => composedEvent([...fixed, gaussianSteps(z, 1 / batches, steps)]), {
    epsilon,
    delta,
    ...asReference,
  });

  it('has the delta of its size', () => {
    expect(Math.abs(delta / deltaOf(records) - 1)).toBeLessThan(1e-13);
    expect(trace).toHaveLength(steps / batches);
  });

  it('prints the epsilon of every epoch, to its four digits', () => {
    const ours = trace.map((_, i) => {
      const event = gaussianSteps(noise, 1 / batches, batches * (i + 1));
      return rdp.epsilon(event, delta, { orders: 'reference' }).upper.toFixed(4);
    });
    expect(ours).toEqual(trace);
  });
});

describe('noise factors of logs without a trace', () => {
  it.each([
    ['DP-MERF/celeba_male_32_eps10.0', 10, 5.800209926283058e-7, 1, 1, 0.5792236328125],
    ['DP-NTK/cifar100_32_eps10.0', 10, 2.07404851125286e-6, 1, 1, 0.557861328125],
    ['GS-WGAN/mnist_28_eps10.0', 10, 1.6657508770018431e-6, 1 / 1000, 20000, 0.4834747314453125],
    ['DP-Kernel/celeba_male_32_eps1.0, twice what it prints', 1, deltaOf(145064), 1 / 2418, 200002, 2 * 0.5615234375],
  ])('%s', (_, epsilon, delta, sampleRate, steps, expected) => {
    expect(noiseMultiplier({ epsilon, delta, sampleRate, steps, ...asReference })).toBe(expected);
  });

  it('PE/cifar10_32_eps1.0, to the 11th digit', () => {
    const found = noiseMultiplier({ epsilon: 1, delta: deltaOf(45000), steps: 5, tolerance: 1e-12 });
    expect(Math.abs(found - 9.107351925709143)).toBeLessThan(3e-11);
  });

  it('DP-LoRA/fmnist_28_eps10.0val found the least noise that its PRV accountant allows', () => {
    const delta = 1.6657508770018431e-6;
    const ours = pld.epsilon(gaussianSteps(1.8994140625, 1 / 14, 2100), delta);
    expect(ours.lower).toBeLessThan(9.988697);
    expect(ours.upper).toBeGreaterThan(9.988697);
    // It charges its own error of 0.01, ours is 0.003 of epsilon: the two find noise within 0.5 % of one another.
    const found = noiseMultiplier({ epsilon: 10, delta, sampleRate: 1 / 14, steps: 2100, accountant: 'pld' });
    expect(Math.abs(found / 1.8994140625 - 1)).toBeLessThan(0.005);
  });
});

// Printed lower, estimate and upper values of prv_accountant at an error of 0.01, and RDP with the reference's orders.
describe('PRV of the reference lies inside the PLD bracket, and that below RDP', () => {
  const mnist = deltaOf(55000);
  it.each([
    [0.01, 1, 1000, 1e-5, 1.818108, 1.82824, 1.838372, 2.101365],
    [1 / 14, 2, 2100, mnist, 9.294818, 9.305205, 9.315593, 9.95578],
    [1 / 14, 1.99462890625, 2100, mnist, 9.328961, 9.339349, 9.349738, 9.992675],
    [1 / 14, 1.8994140625, 2100, mnist, 9.978286, 9.988697, 9.999109, 10.683033],
  ])('rate %d, noise %d, %d steps, delta %d', (rate, noise, steps, delta, least, estimate, most, byRdp) => {
    const event = gaussianSteps(noise, rate, steps);
    const ours = pld.epsilon(event, delta);
    expect(ours.lower).toBeLessThanOrEqual(estimate);
    expect(ours.upper).toBeGreaterThanOrEqual(estimate);
    expect(ours.estimate).toBeGreaterThan(least);
    expect(ours.estimate).toBeLessThan(most);
    expect(Math.abs(ours.estimate / estimate - 1)).toBeLessThan(0.0035);
    expect(ours.upper).toBeLessThan(byRdp);
    expect(rdp.epsilon(event, delta, { orders: 'reference' }).upper).toBeCloseTo(byRdp, 6);
  });
});

import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import {
  dataDeviation,
  edm,
  edmTrainedAround,
  varianceExploding,
  variancePreserving,
  velocity,
} from '../../../lib/nn/edm-preconditioning.js';

const near = (got: number, expected: number, relative: number) =>
  expect(Math.abs(got - expected), `${got} against ${expected}`).toBeLessThanOrEqual(relative * Math.abs(expected));

/** A stream of one number. */
const fixed = (value: number) => ({ normal: () => value, uniform: () => value });

describe('preconditioning', () => {
  it('edm has the factors of the specification, to the digits that it prints', () => {
    // sigma, c_skip, c_out, c_in, c_noise, lambda: Karras et al. 2022, table 1, with data deviation √(1/3).
    const rows = [
      [0.002, 0.999988, 0.001999988, 1.73204, -1.553652, 250003],
      [0.2, 0.8928571, 0.1889822, 1.636634, -0.4023595, 28],
      [dataDeviation, 0.5, 0.4082483, 1.224745, -0.1373265, 6],
      [1, 0.25, 0.5, 0.8660254, 0, 4],
      [5, 0.01315789, 0.5735393, 0.1986799, 0.4023595, 3.04],
      [80, 5.208062e-5, 0.5773352, 0.01249967, 1.095507, 3.000156],
    ] as const;
    for (const [sigma, skip, output, input, condition, weight] of rows) {
      const scales = edm.scales(sigma);
      near(scales.skip, skip, 5e-7);
      near(scales.output, output, 5e-7);
      near(scales.input, input, 2e-6); // six digits
      near(scales.condition, condition, 5e-7);
      near(edm.weight(sigma), weight, 5e-7);
    }
  });

  it('v, VE and VP have theirs, and VP goes from sigma to time and back', () => {
    near(velocity().scales(1).condition, 0.5, 1e-12);
    near(velocity().scales(10).condition, 0.936549, 5e-7);
    near(velocity().scales(1).skip, 0.5, 1e-12);
    near(velocity().scales(1).output, Math.SQRT1_2, 1e-12);
    expect(varianceExploding().scales(2)).toEqual({ skip: 1, output: 2, input: 1, condition: 0 });
    const vp = variancePreserving();
    near(vp.timeAt(1), 0.25896026, 5e-8);
    near(vp.scales(1).condition, 258.7013, 5e-8);
    near(vp.timeAt(80), 0.93351114, 1e-8);
    for (const sigma of [1e-4, 0.02, 1, 80, 150]) near(vp.sigmaAt(vp.timeAt(sigma)), sigma, 1e-11);
  });

  it('weight times output squared is 1 in all of them', () => {
    for (const one of [edm, velocity(), varianceExploding(), variancePreserving()])
      for (const sigma of [0.002, 0.3, 1, 7, 80]) near(one.weight(sigma) * one.scales(sigma).output ** 2, 1, 1e-12);
  });

  it('draws noise levels by the law of each', () => {
    near(edm.draw(fixed(0)), Math.exp(-1.2), 1e-12);
    near(edm.draw(fixed(1.5)), Math.exp(0.6), 1e-12);
    near(edmTrainedAround(0.8).draw(fixed(0)), 0.8, 1e-12);
    near(edmTrainedAround(0.8).draw(fixed(1.5)), 0.8 * Math.exp(1.8), 1e-12);
    expect(edmTrainedAround(0.8).scales(2)).toEqual(edm.scales(2));
    // v: sigma at the log signal-to-noise ratio l is e^(-l/2); half way in time, cos² = 1/2.
    near(velocity(8).draw(fixed(0)), Math.exp(-4), 1e-12);
    near(velocity(8).draw(fixed(1)), Math.exp(4), 1e-10);
    near(velocity(8).draw(fixed(0.5)), 1, 1e-12);
    near(varianceExploding().draw(fixed(0)), 0.02, 1e-12);
    near(varianceExploding().draw(fixed(0.5)), Math.sqrt(2), 1e-12);
    const vp = variancePreserving();
    near(vp.draw(fixed(0)), vp.sigmaAt(1e-5), 1e-12);
    near(vp.draw(fixed(1)), Math.sqrt(Math.exp(0.5 * 19.9 + 0.1) - 1), 1e-12);
  });

  it('edm draws ln(sigma) with mean -1.2 and deviation 1.2', () => {
    const stream = new SeededStream(3);
    const logs = Array.from({ length: 20_000 }, () => Math.log(edm.draw(stream)));
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length;
    expect(Math.abs(mean + 1.2)).toBeLessThan((5 * 1.2) / Math.sqrt(20_000)); // five deviations of the mean
    expect(Math.abs(variance / 1.44 - 1)).toBeLessThan(0.05); // five of the variance
  });
});

import { describe, expect, it } from 'vitest';
import { composedEvent } from '../../../lib/core/events.js';
import { parameterValues } from '../../../lib/core/options.js';
import { networkSize } from '../../../lib/methods/diffusion/parameters.js';
import { peSd } from '../../../lib/methods/pe-sd.js';
import { dataDeviation, edm } from '../../../lib/nn/edm-preconditioning.js';
import { noiseGrid, noiseLevelAt } from '../../../lib/nn/samplers/noise-grid.js';
import { unetSizes } from '../../../lib/nn/unet/sizes.js';
import { calibrate } from '../../../lib/privacy/index.js';

describe('PE-SD', () => {
  it('plans the votes of the reference’s CIFAR-10 run at paper scale: its noise multiplier comes out', () => {
    // Specification 7.4: five iterations of 45,000 records at epsilon 10.
    const facts = { name: 'x', size: 45000, classes: ['a'], shape: { height: 32, width: 32, channels: 3 } };
    const params = parameterValues('pe-sd', peSd.params, 'paper');
    const event = (free: number) => composedEvent(peSd.spends(params, facts).map((release) => release.event(free)));
    const options = { epsilon: 10, delta: 2.074049e-6, accountant: 'gdp', tolerance: 1e-8 } as const;
    expect(calibrate(event, options)).toBeCloseTo(1.181439, 5);
    expect(networkSize(params, facts.shape)).toBe(unetSizes['32']);
    expect(networkSize(params, { height: 28 } as typeof facts.shape)).toBe(unetSizes['28']);
  });

  it('has the noise levels of the specification, with degrees that say where a variation begins among them', () => {
    const levels = noiseGrid({ steps: 100 });
    // Specification 7.3: the level that the reference's largest degree begins at, and 7.7: the scales at the data's deviation.
    expect(levels[39]).toBeCloseTo(6.126, 3);
    expect(noiseLevelAt(60 / 99)).toBeCloseTo(levels[39]!, 9);
    const { skip, output, input } = edm.scales(dataDeviation);
    expect([skip, output, input].map((factor) => factor.toFixed(6))).toEqual(['0.500000', '0.408248', '1.224745']);
    const { firstDegree, lastDegree } = parameterValues('pe-sd', peSd.params, 'paper');
    // Strong variations at first, weak ones at last: the suggestion is from 10 to 0.5.
    expect(noiseLevelAt(firstDegree)).toBeGreaterThan(5);
    expect(noiseLevelAt(firstDegree)).toBeLessThan(20);
    expect(noiseLevelAt(lastDegree)).toBeLessThan(0.6);
  });
});

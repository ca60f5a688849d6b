import type { ParameterPlan } from './initial-parameters.js';

/**
 * `NAME.kernel` `[..., inputs, outputs]` and `NAME.bias` `[outputs]` as PyTorch's layers draw them: uniform in ±1 / sqrt(fan in), which has
 * the variance 1 / (3 fan in).
 */
export function pytorchLayer(name: string, kernel: readonly number[]): Record<string, ParameterPlan> {
  const fanIn = kernel.slice(0, -1).reduce((product, length) => product * length, 1);
  const initial = { law: 'uniform', variance: 1 / (3 * fanIn) } as const;
  return { [`${name}.kernel`]: { shape: kernel, initial }, [`${name}.bias`]: { shape: [kernel.at(-1)!], initial } };
}

import type { Layer } from './layers/layer.js';

/**
 * Layers whose weights are drawn as PyTorch's convolutions and linear maps draw theirs: kernels and biases uniform in
 * ±1 / sqrt(fan in). Kernels of another law (zeros, or normal) stay as they are, with their biases, and so do norms.
 */
export function pytorchInitial(layers: readonly Layer[]): Layer[] {
  return layers.map((layer) => {
    const kernel = Object.entries(layer.parameters).find(([name]) => name.endsWith('.kernel'))?.[1];
    if (kernel?.initial.law !== 'uniform') return layer;
    const fanIn = kernel.shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const initial = { law: 'uniform', variance: 1 / (3 * fanIn) } as const;
    const parameters = Object.entries(layer.parameters).map(([name, rest]) => [name, { ...rest, initial }] as const);
    return { ...layer, parameters: Object.fromEntries(parameters) };
  });
}

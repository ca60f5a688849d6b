import { check } from '../../core/check.js';
import { tf, type Tensor, type Tensor4D } from '../../tensor/index.js';
import { kernelGradients, type Conv2dOptions } from './conv2d.js';
import { outputBias } from './dense.js';
import { byBothSides, type Layer, type LayerParameter } from './layer.js';

/**
 * Images `[batch, height, width, inputs]` to `[batch, height stride, width stride, outputs]`: the transpose, as a linear map, of a
 * `conv2d` with that stride from `outputs` to `inputs` channels, whose kernel's shape it has. Default stride 2.
 *
 * @throws OptionError for a size or a stride that is no whole number above 0.
 * @example
 * const layer = conv2dTranspose({ name: 'up', inputs: 64, outputs: 32, size: 4 });   // up.kernel [4, 4, 32, 64], up.bias [32]
 */
export function conv2dTranspose(options: Conv2dOptions): Layer {
  const { name, inputs, outputs, size = 3, stride = 2, bias = true, gain = 1 } = options;
  const { initial = byBothSides(gain, size ** 2 * inputs, size ** 2 * outputs) } = options;
  check('count', 'conv2dTranspose', { inputs, outputs, size, stride });
  const [kernelName, biasName] = [`${name}.kernel`, `${name}.bias`];
  const shape = [size, size, outputs, inputs];
  const kernel: LayerParameter = {
    shape,
    initial,
    // With y = T(k) x, y' . g = x . conv(k, g): the gradient of a convolution of g with the output gradient x.
    gradients: (input, gradient, examples) =>
      kernelGradients(gradient as Tensor4D, input as Tensor4D, { size, stride, shape, examples }),
  };
  const outputShape = ([rows, height, width]: readonly number[]): [number, number, number, number] => [
    rows!,
    height! * stride,
    width! * stride,
    outputs,
  ];
  return {
    kind: 'conv2dTranspose',
    parameters: { [kernelName]: kernel, ...(bias ? { [biasName]: outputBias(outputs) } : {}) },
    probeShape: outputShape,
    apply: (weights, input, probe) => {
      const filter = weights[kernelName] as Tensor4D;
      const output: Tensor = tf.conv2dTranspose(input as Tensor4D, filter, outputShape(input.shape), stride, 'same');
      const moved = bias ? output.add(weights[biasName]!) : output;
      return probe ? moved.add(probe) : moved;
    },
  };
}

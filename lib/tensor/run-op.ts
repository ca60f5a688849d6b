import type { Tensor } from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { OptionError } from '../core/errors.js';
import { tf } from './tf.js';

/**
 * Attributes of a TensorFlow op. TensorFlow tells `T: 'float32'` from a string by the attribute's kind, so each names its own:
 * `{ T: { type: 'float32' }, strides: { ints: [1, 1, 1, 1] }, padding: { string: 'SAME' } }`.
 */
export type OpAttributes = Readonly<Record<string, OpAttribute>>;

export type OpAttribute =
  | { readonly type: 'float32' | 'int32' | 'bool' | 'int64' | 'string' | 'complex64' }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly shape: readonly number[] };

/** TF_DataType of TensorFlow's C API. */
const typeNumbers = { float32: 1, int32: 3, string: 7, complex64: 8, int64: 9, bool: 10 } as const;

/** The TensorFlow.js backend that runs ops by their TensorFlow names. */
export function tensorflowBackend(): NodeJSKernelBackend {
  return tf.backend() as NodeJSKernelBackend;
}

/**
 * Runs any TensorFlow op by its name, whether TensorFlow.js knows it or not. It has no gradient; the tensors that come
 * back belong to the caller (`tf.tidy` and `dispose` see them).
 *
 * @param outputs how many tensors the op gives.
 * @throws OptionError when TensorFlow refuses: no such op, a wrong attribute, shapes that do not fit.
 * @example const [values] = runOp('SelfAdjointEigV2', { compute_v: { bool: false }, T: { type: 'float32' } }, [matrix], 2);
 */
export function runOp(name: string, attributes: OpAttributes, inputs: readonly Tensor[], outputs = 1): Tensor[] {
  const backend = tensorflowBackend();
  const list = Object.entries(attributes).map(([key, value]) => ({ name: key, ...encoded(backend, value) }));
  try {
    return backend.executeMultipleOutputs(name, list as never, [...inputs], outputs);
  } catch (error) {
    const words = (error as Error).message.replace(/\s*\n\s*/g, ' ');
    throw new OptionError(
      {
        asked: `runOp('${name}')`,
        wrong: `TensorFlow refuses: ${words}`,
        got: inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ') || 'no inputs',
        expected: "the op's own attributes and inputs (https://www.tensorflow.org/api_docs/python/tf/raw_ops)",
      },
      { cause: error },
    );
  }
}

function encoded({ binding }: NodeJSKernelBackend, attribute: OpAttribute): { type: number; value: unknown } {
  if ('type' in attribute) return { type: binding.TF_ATTR_TYPE, value: typeNumbers[attribute.type] };
  if ('int' in attribute) return { type: binding.TF_ATTR_INT, value: attribute.int };
  if ('ints' in attribute) return { type: binding.TF_ATTR_INT, value: [...attribute.ints] };
  if ('float' in attribute) return { type: binding.TF_ATTR_FLOAT, value: attribute.float };
  if ('bool' in attribute) return { type: binding.TF_ATTR_BOOL, value: attribute.bool };
  if ('string' in attribute) return { type: binding.TF_ATTR_STRING, value: attribute.string };
  return { type: binding.TF_ATTR_SHAPE, value: [...attribute.shape] };
}

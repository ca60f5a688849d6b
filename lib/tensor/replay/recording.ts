import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { OptionError } from '../../core/errors.js';
import type { TensorflowModule } from '../runtime/load.js';
import { fullPrecisionAsked } from './full-precision.js';
import type { StandIns } from './stand-ins.js';

/** A value of the graph: output number `output` of node number `node`. */
export interface ValueRef {
  readonly node: number;
  readonly output: number;
}

export interface OutputType {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** One TensorFlow op that ran, as tfjs-node called it. */
export interface OpNode {
  readonly kind: 'op';
  readonly op: string;
  readonly attributes: readonly OpAttributeValue[];
  readonly inputs: readonly ValueRef[];
  readonly outputs: readonly OutputType[];
  /** Called within `inFullPrecision`. */
  readonly fullPrecision: boolean;
}

/** A value that the function made itself from plain numbers: an axis, a shape, a scalar. */
export interface ConstantNode {
  readonly kind: 'constant';
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of one element only, where all are the same: `tf.zeros` of a batch would be megabytes. */
  readonly bytes: Uint8Array;
}

export interface ArgumentNode {
  readonly kind: 'argument';
  readonly dtype: string;
  readonly shape: readonly number[];
}

export type GraphNode = OpNode | ConstantNode | ArgumentNode;

/** Type and shape of one of a node's values. */
export function typeOf(node: GraphNode, output: number): OutputType {
  return node.kind === 'op' ? node.outputs[output]! : node;
}

/** What a function did with its arguments, op by op, in order. Arguments come first. */
export interface Recording {
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly ValueRef[];
}

/** An attribute as tfjs-node hands it to its binding: `type` is one of the binding's `TF_ATTR_…` numbers. */
export interface OpAttributeValue {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A 64-bit integer as tfjs-node passes it: no tensor, an object with two 32-bit halves. */
interface Int64Value {
  readonly valueArray: Int32Array;
}

/**
 * Runs a function once and writes down every TensorFlow op it calls. Its values are those of stand-ins, which is no matter:
 * it may not look at them.
 *
 * @param standIns shared by several recordings of one function, so that all but the first take milliseconds.
 * @throws OptionError for what a graph cannot hold: values read back, tensors from outside that are no arguments, an
 * asynchronous function.
 */
export function record(
  tf: TensorflowModule,
  name: string,
  run: (inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
  standIns: StandIns,
): Recording {
  const recorder = new Recorder(tf.backend() as NodeJSKernelBackend, name, standIns);
  const outputs: ValueRef[] = [];
  recorder.during(() => {
    tf.tidy(() => {
      for (const output of run(inputs.map((input) => recorder.argument(input)))) outputs.push(recorder.find(output));
    });
  });
  return { nodes: recorder.nodes, outputs };
}

type Execute = NodeJSKernelBackend['executeMultipleOutputs'];
type AnyInput = Tensor | TensorInfo | Int64Value;

class Recorder {
  readonly nodes: GraphNode[] = [];
  readonly #places = new Map<DataId, ValueRef>();
  /** Values that the function wrote, before an op uses them: most become no constant at all. */
  readonly #written = new Map<DataId, Omit<ConstantNode, 'kind'>>();
  readonly #constants = new Map<string, ValueRef>();
  #fault: OptionError | undefined;

  constructor(
    readonly backend: NodeJSKernelBackend,
    readonly name: string,
    readonly standIns: StandIns,
  ) {}

  /** A copy of the argument that no other tensor shares data with: the same tensor may be passed twice. */
  argument(tensor: Tensor): Tensor {
    const { backend } = this;
    const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(tensor.dtype) };
    const copy = executed(backend, 'Identity', [type], [tensor], 1)[0]!;
    this.#places.set(copy.dataId, this.#add({ kind: 'argument', dtype: tensor.dtype, shape: tensor.shape }));
    return copy;
  }

  /** Replaces the backend's entry points while `work` runs. They are own properties, so that deleting them restores all. */
  during(work: () => void): void {
    const { backend } = this;
    const multiple: Execute = (op, attributes, inputs, count) => {
      const refs = (inputs as AnyInput[]).map((input) =>
        'valueArray' in input ? this.#int64(input) : this.find(input),
      );
      const call = this.#call(op, attributes as unknown as OpAttributeValue[], refs, count);
      const outputs = this.standIns.results(call, () => executed(backend, op, attributes, inputs, count));
      this.#addOp(op, attributes as unknown as OpAttributeValue[], refs, outputs);
      return outputs;
    };
    const disposeData: NodeJSKernelBackend['disposeData'] = (dataId, force = false) =>
      this.standIns.disposeData(dataId, force, () => prototypeOf(backend).disposeData.call(backend, dataId, force));
    const write: NodeJSKernelBackend['write'] = (values, shape, dtype) => {
      const dataId = prototypeOf(backend).write.call(backend, values, shape, dtype);
      if (values !== null) this.#written.set(dataId, { dtype, shape: [...shape], bytes: bytesOf(values, dtype) });
      return dataId;
    };
    const read = (dataId: DataId) => {
      // What the function wrote itself is the same at each call: kernels look at indices to check their range.
      if (this.#written.has(dataId)) return prototypeOf(backend).readSync.call(backend, dataId);
      this.#fault ??= this.#refusal(
        'values are read back, and a graph has none while it is recorded',
        'Return the tensor and read it afterwards, or compute with tensors only.',
      );
      throw this.#fault;
    };
    const patched = backend as unknown as Record<string, unknown>;
    Object.assign(patched, {
      executeMultipleOutputs: multiple,
      executeSingleOutput: (op: string, attributes: never[], inputs: never[]) => multiple(op, attributes, inputs, 1)[0],
      write,
      disposeData,
      readSync: read,
      // A rejected promise that nobody waits for would end the process: this one stays open, and the fault is thrown below.
      read: (dataId: DataId) => new Promise((resolve) => this.#attempt(() => resolve(read(dataId)))),
    });
    try {
      work();
    } finally {
      for (const method of patches) Reflect.deleteProperty(patched, method);
    }
    if (this.#fault) throw this.#fault;
  }

  /** Where a tensor's value is in the graph; a constant when the function wrote it. */
  find({ dataId, shape, dtype }: TensorInfo): ValueRef {
    const known = this.#places.get(dataId);
    if (known) return known;
    const written = this.#written.get(dataId);
    if (!written)
      throw this.#refusal(
        'a tensor from outside is used that is no argument, so later calls would not see it change',
        'Pass it as an argument.',
        `${dtype}[${shape.join(', ')}]`,
      );
    const place = this.#constant(written);
    this.#places.set(dataId, place);
    return place;
  }

  /** What determines the types of an op's results: of float32 inputs that are no constants only the shape. */
  #call(op: string, attributes: readonly OpAttributeValue[], inputs: readonly ValueRef[], count: number): string {
    const types = inputs.map((ref) => {
      const node = this.nodes[ref.node]!;
      const { dtype, shape } = typeOf(node, ref.output);
      const exact = dtype !== 'float32' || node.kind === 'constant';
      return exact ? `${ref.node}:${ref.output}` : `[${shape.join()}]`;
    });
    return `${op} ${count} ${types.join()} ${JSON.stringify(attributes)}`;
  }

  #addOp(op: string, attributes: OpAttributeValue[], refs: ValueRef[], outputs: Tensor[]): void {
    const types = outputs.map(({ dtype, shape }) => ({ dtype, shape }));
    const { node } = this.#add({
      kind: 'op',
      op,
      attributes: this.#complete(op, attributes, outputs),
      inputs: refs,
      outputs: types,
      fullPrecision: fullPrecisionAsked(),
    });
    outputs.forEach(({ dataId }, output) => this.#places.set(dataId, { node, output }));
  }

  /** A graph needs every type said; run by itself an op finds them out, and of one op tfjs-node says none. */
  #complete(op: string, attributes: OpAttributeValue[], [output]: Tensor[]): OpAttributeValue[] {
    if (op !== 'ExpandDims') return attributes;
    const { binding } = this.backend;
    const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
    return [type('T', this.backend.getDTypeInteger(output!.dtype)), type('Tdim', binding.TF_INT32)];
  }

  #int64({ valueArray }: Int64Value): ValueRef {
    return this.#constant({ dtype: 'int64', shape: [], bytes: bytesOf(valueArray, 'int64') });
  }

  /** Equal small constants are one node: shapes and axes come again and again. */
  #constant(constant: Omit<ConstantNode, 'kind'>): ValueRef {
    if (constant.bytes.length > 1024) return this.#add({ kind: 'constant', ...constant });
    const key = `${constant.dtype}[${constant.shape.join()}]${Buffer.from(constant.bytes).toString('base64')}`;
    const place = this.#constants.get(key) ?? this.#add({ kind: 'constant', ...constant });
    this.#constants.set(key, place);
    return place;
  }

  #add(node: GraphNode): ValueRef {
    return { node: this.nodes.push(node) - 1, output: 0 };
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch {
      // kept in #fault
    }
  }

  #refusal(wrong: string, next: string, got?: string): OptionError {
    return new OptionError({ asked: `replay of ${this.name}`, wrong, next, ...(got === undefined ? {} : { got }) });
  }
}

const prototypeOf = (backend: NodeJSKernelBackend) => Object.getPrototypeOf(backend) as NodeJSKernelBackend;

const patches = ['executeMultipleOutputs', 'executeSingleOutput', 'write', 'disposeData', 'readSync', 'read'];

/** The backend's own way, whatever stands on the object at the moment. */
function executed(backend: NodeJSKernelBackend, ...call: Parameters<Execute>): Tensor[] {
  return prototypeOf(backend).executeMultipleOutputs.apply(backend, call);
}

/** Bytes of one element of the types that a graph can hold once for all elements. */
const elementBytes: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };

/** The bytes of values as TensorFlow lays them out; a copy, because the caller may reuse its array. */
function bytesOf(values: unknown, dtype: string): Uint8Array {
  const bytes =
    Array.isArray(values) || !ArrayBuffer.isView(values)
      ? Uint8Array.from(values as number[])
      : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const size = elementBytes[dtype];
  const same = size && Buffer.compare(bytes.subarray(size), bytes.subarray(0, -size)) === 0;
  return bytes.slice(0, same ? size : undefined);
}

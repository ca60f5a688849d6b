import type { Tensor } from '@tensorflow/tfjs-node';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { savedModel, type AttributeKinds } from './replay/saved-model.js';
import type { GraphNode, OpAttributeValue, ValueRef } from './replay/recording.js';
import { tensorflowBackend } from './run-op.js';
import { tf } from './tf.js';

/** Doubles with a shape: tfjs has no tensor for them. */
export interface Doubles {
  readonly values: Float64Array;
  readonly shape: readonly number[];
}

interface GraphBackend {
  readonly binding: AttributeKinds & {
    loadSavedModel(folder: string, tags: string): number;
    runSavedModel(id: number, inputs: readonly number[], feeds: string, fetches: string): object[];
  };
  getInputTensorIds(inputs: readonly Tensor[]): number[];
  createOutputTensor(output: object): Tensor;
}

const float64 = 2;
const float32 = 1;
const int32 = 3;

/** Writes the nodes of a graph of doubles, op by op. */
export class Float64Nodes {
  readonly nodes: GraphNode[] = [];

  constructor(readonly kinds: AttributeKinds) {}

  /** An argument of doubles; any size in each dimension. */
  doubles(rank: number): ValueRef {
    const pairs = this.#argument('int32', [...Array<number>(rank).fill(-1), 2]);
    return this.op('Bitcast', [pairs], [this.type('T', int32), this.type('type', float64)])[0]!;
  }

  /** A float32 tensor as an argument, made double: nothing is lost. */
  floats(rank: number): ValueRef {
    const narrow = this.#argument('float32', Array<number>(rank).fill(-1));
    return this.op('Cast', [narrow], [this.type('SrcT', float32), this.type('DstT', float64)])[0]!;
  }

  op(op: string, inputs: readonly ValueRef[], attributes: readonly OpAttributeValue[], outputs = 1): ValueRef[] {
    const types = Array.from({ length: outputs }, () => ({ dtype: 'float64', shape: [] }));
    const node = this.nodes.push({ kind: 'op', op, attributes, inputs, outputs: types, fullPrecision: false }) - 1;
    return types.map((_, output) => ({ node, output }));
  }

  /** A product of two matrices. */
  matMul(a: ValueRef, b: ValueRef, transposed: { a?: boolean; b?: boolean } = {}): ValueRef {
    const flags = [this.flag('transpose_a', transposed.a ?? false), this.flag('transpose_b', transposed.b ?? false)];
    return this.op('MatMul', [a, b], [this.type(), ...flags])[0]!;
  }

  /** The mean over rows, `[1, columns]`. */
  rowMean(matrix: ValueRef): ValueRef {
    const axis = this.#integers([0], [1]);
    return this.op('Mean', [matrix, axis], [this.type(), this.type('Tidx', int32), this.flag('keep_dims', true)])[0]!;
  }

  add(a: ValueRef, b: ValueRef): ValueRef {
    return this.op('AddV2', [a, b], [this.type()])[0]!;
  }

  /** [[a, c^T], [c, b]] of four matrices. */
  symmetricBlocks(a: ValueRef, c: ValueRef, b: ValueRef): ValueRef {
    const type = this.type('Tperm', int32);
    const turned = this.op('Transpose', [c, this.#integers([1, 0], [2])], [this.type(), type])[0]!;
    const upper = this.#concat([a, turned], 1);
    return this.#concat([upper, this.#concat([c, b], 1)], 0);
  }

  subtract(a: ValueRef, b: ValueRef): ValueRef {
    return this.op('Sub', [a, b], [this.type()])[0]!;
  }

  /** The type attribute of an op: doubles unless said otherwise. */
  type(name = 'T', value = float64): OpAttributeValue {
    return { name, type: this.kinds.TF_ATTR_TYPE, value };
  }

  flag(name: string, value: boolean): OpAttributeValue {
    return { name, type: this.kinds.TF_ATTR_BOOL, value };
  }

  /** A result as pairs of int32 that hold the bytes of doubles. */
  pairs(value: ValueRef): ValueRef {
    const [pairs] = this.op('Bitcast', [value], [this.type('T', float64), this.type('type', int32)]);
    const node = this.nodes[pairs!.node]!;
    if (node.kind === 'op') this.nodes[pairs!.node] = { ...node, outputs: [{ dtype: 'int32', shape: [] }] };
    return pairs!;
  }

  #concat(parts: readonly ValueRef[], axis: number): ValueRef {
    const count = { name: 'N', type: this.kinds.TF_ATTR_INT, value: parts.length };
    const place = this.#integers([axis], []);
    return this.op('ConcatV2', [...parts, place], [this.type(), this.type('Tidx', int32), count])[0]!;
  }

  #integers(values: readonly number[], shape: readonly number[]): ValueRef {
    const bytes = new Uint8Array(Int32Array.from(values).buffer);
    return { node: this.nodes.push({ kind: 'constant', dtype: 'int32', shape, bytes }) - 1, output: 0 };
  }

  #argument(dtype: string, shape: readonly number[]): ValueRef {
    return { node: this.nodes.push({ kind: 'argument', dtype, shape }) - 1, output: 0 };
  }
}

/**
 * A TensorFlow graph of doubles for arguments of any size: doubles go in and come out as pairs of int32, float32 tensors go in
 * as they are. It is written and loaded at the first run, and stays for the process.
 *
 * @example
 * const product = new Float64Graph((graph) => [graph.matMul(graph.doubles(2), graph.doubles(2))]);
 * const [c] = await product.run([{ values: a, shape: [2, 3] }, { values: b, shape: [3, 2] }]);
 */
export class Float64Graph {
  readonly #build: (graph: Float64Nodes) => readonly ValueRef[];
  #loaded: { readonly id: number; readonly feeds: string; readonly fetches: string } | undefined;

  /** @param build makes arguments in the order of `run` and gives the results. */
  constructor(build: (graph: Float64Nodes) => readonly ValueRef[]) {
    this.#build = build;
  }

  /** @throws what TensorFlow throws: a matrix that is not positive definite has no Cholesky factor. */
  async run(inputs: readonly (Doubles | Tensor)[]): Promise<Float64Array[]> {
    const backend = tensorflowBackend() as unknown as GraphBackend;
    const { id, feeds, fetches } = (this.#loaded ??= this.#load(backend.binding));
    const outputs = tf.tidy(() => {
      const tensors = inputs.map((input) => (input instanceof tf.Tensor ? input : pairTensor(input)));
      const results = backend.binding.runSavedModel(id, backend.getInputTensorIds(tensors), feeds, fetches);
      return results.map((result) => backend.createOutputTensor(result));
    });
    const values = await Promise.all(outputs.map((output) => output.data()));
    tf.dispose(outputs);
    return values.map(doublesOf);
  }

  #load(binding: GraphBackend['binding']) {
    const graph = new Float64Nodes(binding);
    const outputs = this.#build(graph).map((value) => graph.pairs(value));
    const { bytes, feeds, fetches } = savedModel({ nodes: graph.nodes, outputs }, binding);
    const folder = mkdtempSync(join(tmpdir(), 'dpbench-float64-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), bytes);
      return { id: binding.loadSavedModel(folder, 'serve'), feeds: feeds.join(), fetches: fetches.join() };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function pairTensor({ values, shape }: Doubles): Tensor {
  const pairs = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return tf.tensor(pairs, [...shape, 2], 'int32');
}

function doublesOf(pairs: ArrayLike<number>): Float64Array {
  const { buffer, byteOffset, length } = pairs as Int32Array;
  if (byteOffset % 8 === 0) return new Float64Array(buffer, byteOffset, length / 2);
  return new Float64Array(Int32Array.from(pairs).buffer);
}

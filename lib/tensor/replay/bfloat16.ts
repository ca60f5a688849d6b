import {
  typeOf,
  type GraphNode,
  type OpAttributeValue,
  type OpNode,
  type Recording,
  type ValueRef,
} from './recording.js';
import { typeNumbers, type AttributeKinds } from './saved-model.js';

/** What is computed in bfloat16: convolutions, their gradients, and products of matrices. */
const products = new Set([
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'MatMul',
  'BatchMatMul',
  'BatchMatMulV2',
]);

/** Ops that only move values: done in bfloat16 when a product needs their result, at half the memory. */
const moves: Readonly<Record<string, readonly number[]>> = {
  Identity: [0],
  Reshape: [0],
  Transpose: [0],
  Slice: [0],
  StridedSlice: [0],
  SplitV: [0],
  ExpandDims: [0],
  Squeeze: [0],
  Pad: [0],
  PadV2: [0, 2],
  MirrorPad: [0],
};

/** Convolutions of fewer channels gain nothing by it. */
const fewestChannels = 8;

/**
 * The same graph with convolutions and products in bfloat16: their inputs are rounded to 8 bits of mantissa, each once and
 * as early as it can be, their results are float32 again. Sums, norms and everything else stay float32.
 *
 * Relative differences to float32 of about 2^-8 a product are to be expected, for results are rounded too; products within
 * `inFullPrecision` are not touched.
 */
export function inBfloat16(recording: Recording, kinds: AttributeKinds): Recording {
  const rewrite = new Rewrite(recording.nodes, kinds);
  recording.nodes.forEach((node, index) => rewrite.node(node, index));
  return { nodes: rewrite.nodes, outputs: recording.outputs.map((value) => rewrite.full(value)) };
}

class Rewrite {
  /** The old nodes at their old places (rewritten), new ones behind. */
  readonly nodes: GraphNode[];
  readonly #old: readonly GraphNode[];
  readonly #low = new Map<string, ValueRef>();
  /** Ops that move values: their twins for bfloat16. */
  readonly #lowNodes = new Map<number, number>();
  /** Products: their float32 result is the cast of what stands at their old place. */
  readonly #raised = new Map<number, ValueRef>();

  constructor(
    old: readonly GraphNode[],
    readonly kinds: AttributeKinds,
  ) {
    this.#old = old;
    this.nodes = [...old];
  }

  node(node: GraphNode, index: number): void {
    if (node.kind !== 'op') return;
    if (!this.#isProduct(node)) {
      this.nodes[index] = { ...node, inputs: node.inputs.map((input) => this.full(input)) };
      return;
    }
    const inputs = node.inputs.map((input) => (this.#isFloat(input) ? this.low(input) : input));
    this.nodes[index] = this.#lowered(node, inputs);
    this.#raised.set(index, this.#cast({ node: index, output: 0 }, 'bfloat16', 'float32', node));
  }

  /** A value as it was: float32 where it was float32. */
  full(value: ValueRef): ValueRef {
    return this.#raised.get(value.node) ?? value;
  }

  /** A float32 value in bfloat16, computed once. */
  low(value: ValueRef): ValueRef {
    const key = `${value.node}:${value.output}`;
    const known = this.#low.get(key);
    if (known) return known;
    const made = this.#makeLow(value);
    this.#low.set(key, made);
    return made;
  }

  #makeLow(value: ValueRef): ValueRef {
    if (this.#raised.has(value.node)) return value;
    const node = this.#old[value.node]!;
    const floats = node.kind === 'op' ? moves[node.op] : undefined;
    if (node.kind !== 'op' || !floats) return this.#cast(value, 'float32', 'bfloat16', node);
    const made = this.#lowNodes.get(value.node) ?? this.#moveLow(node, floats);
    this.#lowNodes.set(value.node, made);
    return { node: made, output: value.output };
  }

  /** An op that moves values, once more for bfloat16; the number of the new node. */
  #moveLow(node: OpNode, floats: readonly number[]): number {
    const inputs = node.inputs.map((input, i) => (floats.includes(i) ? this.low(input) : this.full(input)));
    return this.#add(this.#lowered(node, inputs)).node;
  }

  #isFloat({ node, output }: ValueRef): boolean {
    return typeOf(this.#old[node]!, output).dtype === 'float32';
  }

  #isProduct({ op, inputs, outputs, fullPrecision }: OpNode): boolean {
    if (fullPrecision || !products.has(op) || outputs[0]!.dtype !== 'float32') return false;
    if (!op.startsWith('Conv')) return true;
    const shapes = inputs
      .filter((input) => this.#isFloat(input))
      .map(({ node, output }) => typeOf(this.#old[node]!, output).shape);
    return [...shapes, outputs[0]!.shape].every(
      (shape) => shape.at(-1)! >= fewestChannels && shape.at(-2)! >= fewestChannels / 4,
    );
  }

  #lowered(node: OpNode, inputs: readonly ValueRef[]): OpNode {
    const attributes = node.attributes.map((attribute): OpAttributeValue =>
      attribute.name === 'T' ? { ...attribute, value: typeNumbers['bfloat16'] } : attribute,
    );
    return { ...node, inputs, attributes, outputs: node.outputs.map((output) => ({ ...output, dtype: 'bfloat16' })) };
  }

  #cast(value: ValueRef, from: string, to: string, of: GraphNode): ValueRef {
    const type = (name: string, dtype: string) => ({ name, type: this.kinds.TF_ATTR_TYPE, value: typeNumbers[dtype] });
    const attributes = [type('SrcT', from), type('DstT', to)];
    const { shape } = typeOf(of, value.output);
    return this.#add({
      kind: 'op',
      op: 'Cast',
      attributes,
      inputs: [value],
      outputs: [{ dtype: to, shape }],
      fullPrecision: false,
    });
  }

  #add(node: GraphNode): ValueRef {
    return { node: this.nodes.push(node) - 1, output: 0 };
  }
}

import {
  typeOf,
  type ConstantNode,
  type GraphNode,
  type OpNode,
  type OutputType,
  type Recording,
  type ValueRef,
} from './recording.js';
import { typeNumbers, type AttributeKinds } from './saved-model.js';

/** Ops that give float32 whatever they are given: they stay as they are, between casts. */
const float32Only = new Set([
  'CropAndResize',
  'FusedBatchNorm',
  'FusedBatchNormGrad',
  'FusedBatchNormGradV3',
  'FusedBatchNormV3',
  'LRN',
  'LRNGrad',
  'ResizeBilinear',
  'ResizeBilinearGrad',
]);

/**
 * The same graph with all that lies between float32 arguments and float32 results in float64: tfjs has no such tensors, and
 * sums of squares, covariances and their differences want more than 24 bits. Constants have the values that float32 held.
 */
export function inFloat64(recording: Recording, kinds: AttributeKinds): Recording {
  const rewrite = new Rewrite(recording.nodes, kinds);
  recording.nodes.forEach((node, index) => rewrite.node(node, index));
  const back = (value: ValueRef) =>
    isFloat(recording.nodes, value) ? rewrite.cast(rewrite.wide(value), narrow) : value;
  return { nodes: rewrite.nodes, outputs: recording.outputs.map(back) };
}

const narrow = 'float32';
const wide = 'float64';

const isFloat = (nodes: readonly GraphNode[], { node, output }: ValueRef) =>
  typeOf(nodes[node]!, output).dtype === narrow;

class Rewrite {
  /** The old nodes at their old places (rewritten), new ones behind. */
  readonly nodes: GraphNode[];
  readonly #old: readonly GraphNode[];
  /** Values that are still float32 at their old place, in float64. */
  readonly #widened = new Map<string, ValueRef>();

  constructor(
    old: readonly GraphNode[],
    readonly kinds: AttributeKinds,
  ) {
    this.#old = old;
    this.nodes = [...old];
  }

  node(node: GraphNode, index: number): void {
    if (node.kind === 'argument') return;
    if (node.kind === 'constant') {
      if (node.dtype === narrow) this.nodes[index] = widened(node);
    } else if (float32Only.has(node.op)) {
      const inputs = node.inputs.map((input) =>
        isFloat(this.#old, input) ? this.cast(this.wide(input), narrow) : input,
      );
      this.nodes[index] = { ...node, inputs };
    } else this.nodes[index] = this.#raised(node);
  }

  /** A value of the old graph, in float64 where it was float32. */
  wide(value: ValueRef): ValueRef {
    const node = this.#old[value.node]!;
    const stays = node.kind === 'argument' || (node.kind === 'op' && float32Only.has(node.op));
    if (!stays || !isFloat(this.#old, value)) return value;
    const key = `${value.node}:${value.output}`;
    const known = this.#widened.get(key) ?? this.cast(value, wide);
    this.#widened.set(key, known);
    return known;
  }

  cast(value: ValueRef, to: typeof narrow | typeof wide): ValueRef {
    const { dtype, shape } = typeOf(this.nodes[value.node]!, value.output);
    const type = (name: string, dtype: string) => ({ name, type: this.kinds.TF_ATTR_TYPE, value: typeNumbers[dtype] });
    const node: OpNode = {
      kind: 'op',
      op: 'Cast',
      attributes: [type('SrcT', dtype), type('DstT', to)],
      inputs: [value],
      outputs: [{ dtype: to, shape }],
      fullPrecision: false,
    };
    return { node: this.nodes.push(node) - 1, output: 0 };
  }

  #raised(node: OpNode): OpNode {
    const attributes = node.attributes.map((attribute) =>
      attribute.type === this.kinds.TF_ATTR_TYPE && attribute.value === typeNumbers[narrow]
        ? { ...attribute, value: typeNumbers[wide] }
        : attribute,
    );
    const raise = (type: OutputType) => (type.dtype === narrow ? { ...type, dtype: wide } : type);
    const inputs = node.inputs.map((input) => this.wide(input));
    return { ...node, attributes, inputs, outputs: node.outputs.map(raise) };
  }
}

function widened(constant: ConstantNode): ConstantNode {
  const values = Float64Array.from(new Float32Array(constant.bytes.slice().buffer));
  return { ...constant, dtype: 'float64', bytes: new Uint8Array(values.buffer) };
}

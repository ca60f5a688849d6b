import { typeOf, type GraphNode, type OpNode, type Recording, type ValueRef } from './recording.js';
import { typeNumbers, type AttributeKinds } from './saved-model.js';

/**
 * The same results from fewer nodes: what TensorFlow's own optimiser does not see through, or would take long to.
 *
 * - Sums with zeros, products with ones, casts to the same type and reshapes to the same shape are left out: probes of
 *   gradients are zeros, and their only use is that one can differentiate by them.
 * - A vector that is added to a convolution's channels is said to be a bias: that is computed within the convolution.
 * - Nodes that no result needs are left out.
 */
export function simplified({ nodes, outputs }: Recording, kinds: AttributeKinds): Recording {
  const same = new Map<string, ValueRef>(); // values that equal an earlier one
  const find = (value: ValueRef): ValueRef => same.get(`${value.node}:${value.output}`) ?? value;
  const found = nodes.map((node, index): GraphNode => {
    if (node.kind !== 'op') return node;
    const op: OpNode = { ...node, inputs: node.inputs.map(find) };
    const equal = equalInput(op, nodes);
    if (equal) same.set(`${index}:0`, equal);
    return withBias(op, nodes, kinds);
  });
  return needed({ nodes: found, outputs: outputs.map(find) });
}

/** The input that an op gives back as it is. */
function equalInput(op: OpNode, nodes: readonly GraphNode[]): ValueRef | undefined {
  const { dtype, shape } = op.outputs[0]!;
  const type = (value: ValueRef) => typeOf(nodes[value.node]!, value.output);
  const [first, second] = op.inputs as [ValueRef, ValueRef?];
  const unchanged = (value: ValueRef) => type(value).dtype === dtype && type(value).shape.join() === shape.join();
  if (op.op === 'Cast' || op.op === 'Reshape') return unchanged(first) ? first : undefined;
  const neutral = neutralElements[op.op];
  if (neutral === undefined || dtype !== 'float32' || !second) return undefined;
  if (isFilledWith(nodes[second.node]!, neutral) && unchanged(first)) return first;
  if (isFilledWith(nodes[first.node]!, neutral) && unchanged(second)) return second;
  return undefined;
}

const neutralElements: Readonly<Record<string, number>> = { Add: 0, AddV2: 0, Mul: 1 };

/** Whether a node is a float32 constant of this value throughout. */
function isFilledWith(node: GraphNode, value: number): boolean {
  if (node.kind !== 'constant' || node.dtype !== 'float32' || node.bytes.length !== 4) return false;
  return new Float32Array(node.bytes.slice().buffer)[0] === value;
}

function withBias(op: OpNode, nodes: readonly GraphNode[], kinds: AttributeKinds): OpNode {
  const [first, second] = op.inputs as [ValueRef, ValueRef?];
  if ((op.op !== 'Add' && op.op !== 'AddV2') || !second) return op;
  const convolution = nodes[first.node]!;
  const { shape } = typeOf(nodes[second.node]!, second.output);
  if (convolution.kind !== 'op' || convolution.op !== 'Conv2D' || shape.length !== 1) return op;
  if (!convolution.attributes.some(({ name, value }) => name === 'data_format' && value === 'NHWC')) return op;
  if (shape[0] !== op.outputs[0]!.shape.at(-1)) return op; // one value for all channels
  const attributes = [
    { name: 'T', type: kinds.TF_ATTR_TYPE, value: typeNumbers[op.outputs[0]!.dtype] },
    { name: 'data_format', type: kinds.TF_ATTR_STRING, value: 'NHWC' },
  ];
  return { ...op, op: 'BiasAdd', attributes };
}

/** Without the nodes that no result needs; arguments stay. */
function needed({ nodes, outputs }: Recording): Recording {
  const kept = nodes.map(({ kind }) => kind === 'argument');
  const visit = ({ node }: ValueRef) => (kept[node] = true);
  outputs.forEach(visit);
  // Inputs come before what uses them.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (kept[i] && node.kind === 'op') node.inputs.forEach(visit);
  }
  let count = 0;
  const places = kept.map((keep) => (keep ? count++ : -1));
  const moved = (value: ValueRef): ValueRef => ({ ...value, node: places[value.node]! });
  const left = nodes.filter((_, i) => kept[i]);
  return {
    nodes: left.map((node) => (node.kind === 'op' ? { ...node, inputs: node.inputs.map(moved) } : node)),
    outputs: outputs.map(moved),
  };
}

import { createRequire } from 'node:module';
import { OptionError } from '../../core/errors.js';
import {
  typeOf,
  type ConstantNode,
  type GraphNode,
  type OpAttributeValue,
  type Recording,
  type ValueRef,
} from './recording.js';

// tfjs-node's own protocol buffers: generated JavaScript without types.
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return */
let loaded: any;
const messages = (): any =>
  (loaded ??= createRequire(import.meta.url)('@tensorflow/tfjs-node/dist/proto/api_pb') as any);

/** TF_DataType of TensorFlow's C API. */
export const typeNumbers: Readonly<Record<string, number>> = {
  float32: 1,
  float64: 2,
  int32: 3,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
};

/** Bytes of one element of the types whose constants are written once for all elements. */
const elementBytes: Readonly<Record<string, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 };

/** The version of graphs that TensorFlow 2.9 wrote: every later one reads it. */
const producer = 1087;

/** The numbers that tfjs-node's binding gives to the kinds of attributes. */
export interface AttributeKinds {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** A recording as a SavedModel, with the names to feed and to fetch by. */
export interface SavedGraph {
  readonly bytes: Uint8Array;
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
}

export function savedModel(recording: Recording, kinds: AttributeKinds): SavedGraph {
  const { AttrValue, GraphDef, MetaGraphDef, NodeDef, SavedModel, VersionDef } = messages();
  const named = ({ node, output }: ValueRef) => `n${node}:${output}`;
  const definitions = recording.nodes.map((node, index) => define(node, `n${index}`, kinds, named));
  // A fetched value has a node of its own, because an argument cannot be fed and fetched at once.
  const fetches = recording.outputs.map((value, index) => {
    const definition = new NodeDef();
    definition.setName(`out${index}`);
    definition.setOp('Identity');
    definition.setInputList([named(value)]);
    const type = new AttrValue();
    type.setType(typeNumbers[typeOf(recording.nodes[value.node]!, value.output).dtype]);
    definition.getAttrMap().set('T', type);
    definitions.push(definition);
    return `out${index}:0`;
  });
  const graph = new GraphDef();
  graph.setNodeList(definitions);
  const version = new VersionDef();
  version.setProducer(producer);
  graph.setVersions(version);
  const meta = new MetaGraphDef();
  meta.setGraphDef(graph);
  const info = new MetaGraphDef.MetaInfoDef();
  info.setTagsList(['serve']);
  meta.setMetaInfoDef(info);
  const model = new SavedModel();
  model.setSavedModelSchemaVersion(1);
  model.setMetaGraphsList([meta]);
  const feeds = recording.nodes.flatMap(({ kind }, index) => (kind === 'argument' ? [`n${index}:0`] : []));
  return { bytes: model.serializeBinary() as Uint8Array, feeds, fetches };
}

function define(node: GraphNode, name: string, kinds: AttributeKinds, named: (value: ValueRef) => string): unknown {
  const { NodeDef, AttrValue } = messages();
  const definition = new NodeDef();
  definition.setName(name);
  const attributes = definition.getAttrMap();
  if (node.kind === 'op') {
    definition.setOp(node.op);
    definition.setInputList(node.inputs.map(named));
    for (const attribute of node.attributes) attributes.set(attribute.name, encode(attribute, node.op, kinds));
    return definition;
  }
  const type = new AttrValue();
  type.setType(typeNumbers[node.dtype]);
  attributes.set('dtype', type);
  const value = new AttrValue();
  if (node.kind === 'argument') {
    definition.setOp('Placeholder');
    value.setShape(shapeMessage(node.shape));
    attributes.set('shape', value);
  } else {
    definition.setOp('Const');
    value.setTensor(constantMessage(node));
    attributes.set('value', value);
  }
  return definition;
}

function shapeMessage(shape: readonly number[]): unknown {
  const { TensorShape } = messages();
  const message = new TensorShape();
  message.setDimList(
    shape.map((size) => {
      const dimension = new TensorShape.Dim();
      dimension.setSize(size);
      return dimension;
    }),
  );
  return message;
}

function constantMessage({ dtype, shape, bytes }: ConstantNode): unknown {
  const message = new (messages().Tensor)();
  message.setDtype(typeNumbers[dtype]);
  message.setTensorShape(shapeMessage(shape));
  // A list of one value stands for as many as the shape holds, where there are any.
  const filled = shape.every((size) => size > 0);
  const once = bytes.length === elementBytes[dtype] && filled;
  if (once && dtype === 'float32') message.setFloatValList([new Float32Array(bytes.slice().buffer)[0]]);
  else if (once && dtype === 'float64') message.setDoubleValList([new Float64Array(bytes.slice().buffer)[0]]);
  else if (once && dtype === 'int32') message.setIntValList([new Int32Array(bytes.slice().buffer)[0]]);
  else if (once && dtype === 'bool') message.setBoolValList([bytes[0] === 1]);
  else message.setTensorContent(bytes);
  return message;
}

function encode({ name, type, value }: OpAttributeValue, op: string, kinds: AttributeKinds): unknown {
  const { AttrValue } = messages();
  const message = new AttrValue();
  const list = () => {
    const values = new AttrValue.ListValue();
    message.setList(values);
    return values;
  };
  if (type === kinds.TF_ATTR_TYPE) message.setType(value);
  else if (type === kinds.TF_ATTR_BOOL) message.setB(Boolean(value));
  else if (type === kinds.TF_ATTR_STRING) message.setS(Buffer.from(String(value)));
  else if (type === kinds.TF_ATTR_INT && Array.isArray(value)) list().setIList(value);
  else if (type === kinds.TF_ATTR_INT) message.setI(value);
  else if (type === kinds.TF_ATTR_FLOAT && Array.isArray(value)) list().setFList(value);
  else if (type === kinds.TF_ATTR_FLOAT) message.setF(value);
  else if (type === kinds.TF_ATTR_SHAPE) message.setShape(shapeMessage(value as number[]));
  else
    throw new OptionError({
      asked: `replay: op ${op}`,
      wrong: `attribute ${name} has a kind that graphs lack`,
      got: type,
    });
  return message;
}

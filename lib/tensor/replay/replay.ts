import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { OptionError } from '../../core/errors.js';
import type { TensorflowModule } from '../runtime/load.js';
import { inBfloat16 } from './bfloat16.js';
import { inFloat64 } from './float64.js';
import { record, type Recording } from './recording.js';
import { savedModel, type AttributeKinds } from './saved-model.js';
import { simplified } from './simplify.js';
import { StandIns } from './stand-ins.js';

export type Precision = 'float32' | 'bfloat16' | 'float64';

export interface ReplayOptions {
  /** Name for messages. Default: the function's own. */
  readonly name?: string;
  /** Graphs kept, one for each set of argument shapes; the one that was not used for longest goes first. Default 8. */
  readonly limit?: number;
  /**
   * `bfloat16` rounds inputs and results of convolutions and products of matrices; see `inFullPrecision` for exceptions.
   * `float64` computes all of it in float64, from float32 arguments to float32 results. Default `float32`.
   */
  readonly precision?: Precision;
}

/** What the binding does with graphs; tfjs-node declares the rest of it. */
interface GraphBinding extends AttributeKinds {
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], feeds: string, fetches: string): object[];
}

/** The parts of tfjs-node's backend that turn tensors into the binding's numbers and back. */
interface GraphBackend {
  readonly binding: GraphBinding;
  getInputTensorIds(inputs: readonly Tensor[]): number[];
  createOutputTensor(output: object): Tensor;
}

interface Graph {
  readonly id: number;
  readonly feeds: string;
  readonly fetches: string;
}

/**
 * A function of tensors that runs as one TensorFlow graph: recorded at the first call with arguments of some shapes, then
 * replayed, so that TensorFlow plans memory and threads over the whole of it and no JavaScript runs between its ops.
 *
 * The function must compute the same ops whenever the shapes are the same: it may not read values, use tensors that are
 * no arguments, or draw random numbers (pass them as arguments). It is run twice to find out.
 *
 * @example
 * const step = new Replay(tf, (weights, x) => [tf.matMul(x, weights).relu()]);
 * const [y] = step.run([weights, x]);   // the caller disposes y
 * step.dispose();
 */
export class Replay {
  readonly #tf: TensorflowModule;
  readonly #compute: (...inputs: Tensor[]) => readonly Tensor[];
  readonly #graphs = new Map<string, Graph>();
  readonly #name: string;
  readonly #limit: number;
  readonly #precision: Precision;

  constructor(tf: TensorflowModule, compute: (...inputs: Tensor[]) => readonly Tensor[], options: ReplayOptions = {}) {
    this.#tf = tf;
    this.#compute = compute;
    this.#name = options.name ?? (compute.name || 'a function');
    this.#limit = options.limit ?? 8;
    this.#precision = options.precision ?? 'float32';
  }

  /** Graphs that are held now. */
  get size(): number {
    return this.#graphs.size;
  }

  /**
   * The function's tensors for these arguments.
   *
   * @throws OptionError at the first call for some shapes, when the function cannot be recorded.
   */
  run(inputs: readonly Tensor[]): Tensor[] {
    const { id, feeds, fetches } = this.#graphFor(inputs);
    const backend = this.#tf.backend() as unknown as GraphBackend;
    const outputs = backend.binding.runSavedModel(id, backend.getInputTensorIds(inputs), feeds, fetches);
    return outputs.map((output) => backend.createOutputTensor(output));
  }

  /** Frees all graphs; the next call records anew. */
  dispose(): void {
    for (const { id } of this.#graphs.values()) this.#binding().deleteSavedModel(id);
    this.#graphs.clear();
  }

  #graphFor(inputs: readonly Tensor[]): Graph {
    const key = inputs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join();
    const graph = this.#graphs.get(key) ?? this.#compile(inputs);
    this.#graphs.delete(key);
    this.#graphs.set(key, graph); // the last used is the last in the map
    for (const [oldest, { id }] of this.#graphs) {
      if (this.#graphs.size <= this.#limit) break;
      this.#graphs.delete(oldest);
      this.#binding().deleteSavedModel(id);
    }
    return graph;
  }

  #compile(inputs: readonly Tensor[]): Graph {
    const recording = simplified(this.#recordTwice(inputs), this.#binding());
    const { bytes, feeds, fetches } = savedModel(this.#inPrecision(recording), this.#binding());
    const folder = mkdtempSync(join(tmpdir(), 'dpbench-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), bytes);
      return { id: this.#binding().loadSavedModel(folder, 'serve'), feeds: feeds.join(), fetches: fetches.join() };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #inPrecision(recording: Recording): Recording {
    if (this.#precision === 'bfloat16') return inBfloat16(recording, this.#binding());
    if (this.#precision === 'float64') return inFloat64(recording, this.#binding());
    return recording;
  }

  #recordTwice(inputs: readonly Tensor[]): Recording {
    const standIns = new StandIns(this.#tf.backend() as NodeJSKernelBackend);
    try {
      const recording = this.#record(inputs, standIns);
      this.#checkRepeats(recording, this.#record(inputs, standIns));
      return recording;
    } finally {
      standIns.dispose();
    }
  }

  #record(inputs: readonly Tensor[], standIns: StandIns): Recording {
    const compute = (copies: Tensor[]) => {
      const outputs: unknown = this.#compute(...copies);
      if (Array.isArray(outputs) && outputs.every((output) => output instanceof this.#tf.Tensor)) return outputs;
      throw new OptionError({
        asked: `replay of ${this.#name}`,
        wrong: outputs instanceof Promise ? 'the function is asynchronous' : 'the function gave no list of tensors',
        expected: 'a function that returns a list of tensors at once',
      });
    };
    return record(this.#tf, this.#name, compute, inputs, standIns);
  }

  /** The same arguments must give the same ops and constants; else the graph would freeze what should change. */
  #checkRepeats(first: Recording, second: Recording): void {
    const at = first.nodes.findIndex((node, i) => !isDeepStrictEqual(node, second.nodes[i]));
    if (at < 0 && first.nodes.length === second.nodes.length) return;
    const node = first.nodes[at];
    throw new OptionError({
      asked: `replay of ${this.#name}`,
      wrong: 'the function does something else each time: random numbers, a counter, a clock',
      got: node?.kind === 'op' ? `op ${node.op}` : 'another constant',
      expected: 'the same ops and constants for the same shapes',
      next: 'Pass what changes as an argument.',
    });
  }

  #binding(): GraphBinding {
    return (this.#tf.backend() as unknown as GraphBackend).binding;
  }
}

import type { DataId, Tensor } from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';

/** What tfjs-node knows of a tensor: `id` is the binding's number of the values. */
interface TensorEntry {
  id: number;
  refCount: number;
}

interface Stored {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The binding's part that is used here; tfjs-node declares no more of it. */
interface Backend {
  readonly tensorMap: { get(dataId: DataId): TensorEntry; has(dataId: DataId): boolean; delete(dataId: DataId): void };
  readonly binding: { deleteTensor(id: number): void };
  getDTypeInteger(dtype: string): number;
  createOutputTensor(stored: Stored): Tensor;
}

/**
 * Answers ops while a function is recorded, where only types and shapes matter: of all float32 results of one shape the first
 * stays and stands in for the others, so that recording takes little memory however long the function is; and an op that
 * ran already for the same types does not run again.
 *
 * A result of another type may be a shape or an index, so that it stands in for the results of the very same op only.
 */
export class StandIns {
  readonly #backend: Backend;
  readonly #byShape = new Map<string, Stored>();
  readonly #byCall = new Map<string, readonly Stored[]>();
  /** Tensors whose values are stand-ins. */
  readonly #borrowers = new Set<DataId>();

  constructor(backend: NodeJSKernelBackend) {
    this.#backend = backend as unknown as Backend;
  }

  /** The results of a call: of the one like it that ran before, or of `execute`. */
  results(call: string, execute: () => Tensor[]): Tensor[] {
    const known = this.#byCall.get(call);
    if (known) return known.map((stored) => this.#borrow(this.#backend.createOutputTensor(stored)));
    const tensors = execute();
    this.#byCall.set(
      call,
      tensors.map((tensor) => this.#store(tensor)),
    );
    return tensors;
  }

  /** Stands in for tfjs-node's own: stand-ins outlive the tensors that use them. */
  disposeData(dataId: DataId, force: boolean, otherwise: () => boolean): boolean {
    if (!this.#borrowers.has(dataId)) return otherwise();
    const entry = this.#backend.tensorMap.get(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    this.#borrowers.delete(dataId);
    this.#backend.tensorMap.delete(dataId);
    return true;
  }

  /** Frees all stand-ins; a tensor that the function kept all the same has no values from now on. */
  dispose(): void {
    for (const dataId of this.#borrowers) this.#backend.tensorMap.get(dataId).id = -1;
    this.#borrowers.clear();
    const ids = new Set([...this.#byShape.values(), ...[...this.#byCall.values()].flat()].map(({ id }) => id));
    for (const id of ids) this.#backend.binding.deleteTensor(id);
    this.#byShape.clear();
    this.#byCall.clear();
  }

  #store(tensor: Tensor): Stored {
    const entry = this.#backend.tensorMap.get(tensor.dataId);
    const own = { id: entry.id, shape: tensor.shape, dtype: this.#backend.getDTypeInteger(tensor.dtype) };
    this.#borrow(tensor);
    if (tensor.dtype !== 'float32') return own;
    const shape = tensor.shape.join();
    const first = this.#byShape.get(shape);
    if (!first) {
      this.#byShape.set(shape, own);
      return own;
    }
    this.#backend.binding.deleteTensor(entry.id);
    entry.id = first.id;
    return first;
  }

  #borrow(tensor: Tensor): Tensor {
    this.#borrowers.add(tensor.dataId);
    return tensor;
  }
}

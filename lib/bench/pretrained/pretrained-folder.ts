import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DpbenchError } from '../../core/errors.js';
import { ProgressTask } from '../../core/progress.js';
import type { PretrainedStore, Pretraining } from '../../methods/contract.js';
import { assignWeights, cacheFolder, saveWeights } from '../../tensor/index.js';
import { FolderCheckpoint } from '../unfinished/checkpoint.js';
import { FolderInUse, FolderLock } from '../unfinished/lock.js';
import { pretrainedFacts, pretrainedKey, type PretrainedFacts } from './pretrained-key.js';

/** A pre-trained model that a run used, as its result says it. */
export interface PretrainedModel extends PretrainedFacts {
  readonly key: string;
  /** Seconds that the training took, when it was trained. */
  readonly seconds: number;
  /** Whether this run trained it; false when it was there. */
  readonly trained: boolean;
}

/** Where pre-trained models are kept: `DPBENCH_PRETRAINED`, else a folder of the cache. */
const pretrainedFolder = (): string => process.env['DPBENCH_PRETRAINED'] || join(cacheFolder(), 'pretrained');

/**
 * Pre-trained models in a folder, `<what>-<dataset>-<key>.safetensors` each, which any number of runs and processes share: one
 * trains, the others wait for it. A training that is stopped goes on where it was when anybody asks for it again.
 */
export class PretrainedFolder implements PretrainedStore {
  /** What was asked for so far. */
  readonly models: PretrainedModel[] = [];

  /** @param beforeTraining is told of a training that begins, with the folder that it works in. */
  constructor(
    readonly signal?: AbortSignal,
    readonly beforeTraining: (workFolder: string) => void = () => undefined,
    readonly folder = pretrainedFolder(),
  ) {}

  async take(pretraining: Pretraining): Promise<void> {
    const facts = pretrainedFacts(pretraining);
    const key = pretrainedKey(pretraining, facts);
    const words = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    const path = join(this.folder, `${words(facts.of)}-${words(facts.dataset)}-${key}.safetensors`);
    const found = (await this.#kept(path, pretraining)) ?? (await this.#made(path, pretraining, facts));
    this.models.push({ ...facts, key, ...found });
  }

  /** The kept weights. A damaged file is moved aside, and they are trained anew. */
  async #kept(path: string, { parameters }: Pretraining): Promise<Made | undefined> {
    if (!existsSync(path)) return undefined;
    try {
      const { seconds } = await assignWeights(parameters, path);
      return { seconds: Number(seconds), trained: false };
    } catch (error) {
      if (!(error instanceof DpbenchError)) throw error;
      renameSync(path, `${path}.damaged`);
      return undefined;
    }
  }

  async #made(path: string, pretraining: Pretraining, facts: PretrainedFacts): Promise<Made> {
    const work = path.replace(/\.safetensors$/, '.unfinished');
    mkdirSync(this.folder, { recursive: true });
    const lock = await this.#locked(work, facts);
    const checkpoint = new FolderCheckpoint(work);
    try {
      const kept = await this.#kept(path, pretraining); // another process has trained it meanwhile
      if (kept) return kept;
      this.beforeTraining(work);
      const started = performance.now();
      if (!(await pretraining.train(checkpoint)))
        throw new DpbenchError({ asked: work, wrong: 'its checkpoint is of another training', next: 'Remove it.' });
      const seconds = (performance.now() - started) / 1000;
      await saveWeights(path, pretraining.parameters, { ...describe(facts), seconds: seconds.toFixed(1) });
      return { seconds, trained: true };
    } finally {
      lock.release();
      if (!checkpoint.saved || existsSync(path)) rmSync(work, { recursive: true, force: true });
    }
  }

  /** Waits while another process trains the same. */
  async #locked(work: string, { of, dataset }: PretrainedFacts): Promise<FolderLock> {
    let task: ProgressTask | undefined;
    for (;;) {
      try {
        const lock = FolderLock.take(work);
        task?.done();
        return lock;
      } catch (error) {
        if (!(error instanceof FolderInUse)) throw error;
        task ??= new ProgressTask(`waiting for another process that trains the ${of} on ${dataset}`, 1, this.signal);
        await setTimeout(500);
        await task.pause();
      }
    }
  }
}

type Made = Pick<PretrainedModel, 'seconds' | 'trained'>;

/** As the file's metadata has it: all text. */
function describe({ of, dataset, images, checksum, settings }: PretrainedFacts): Record<string, string> {
  return { of, dataset, images: String(images), checksum, settings: JSON.stringify(settings) };
}

import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DataError, DpbenchError } from '../../core/errors.js';
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

  /** The kept weights; undefined when there are none, or the file is damaged. */
  async #kept(path: string, { parameters }: Pretraining): Promise<Made | undefined> {
    if (!existsSync(path)) return undefined;
    try {
      const { seconds } = await assignWeights(parameters, path);
      return { seconds: Number(seconds), trained: false };
    } catch (error) {
      if (error instanceof DpbenchError) return undefined;
      throw error;
    }
  }

  async #made(path: string, pretraining: Pretraining, facts: PretrainedFacts): Promise<Made> {
    const work = path.replace(/\.safetensors$/, '.unfinished');
    const lock = await this.#locked(work, facts);
    const checkpoint = new FolderCheckpoint(work);
    try {
      const kept = await this.#kept(path, pretraining); // another process has trained it meanwhile
      if (kept) return kept;
      // With the lock alone: without it, it might be the new file of a process that has trained meanwhile.
      if (existsSync(path)) renameSync(path, `${path}.damaged`);
      this.beforeTraining(work);
      const started = performance.now();
      if (!(await pretraining.train(checkpoint)))
        throw new DpbenchError({ asked: work, wrong: 'its checkpoint is of another training', next: 'Remove it.' });
      const seconds = (performance.now() - started) / 1000;
      await saveWeights(path, pretraining.parameters, { ...describe(facts), seconds: seconds.toFixed(1) });
      return { seconds, trained: true };
    } finally {
      if (checkpoint.saved && !existsSync(path)) lock.release();
      else removeWhole(work);
    }
  }

  /** Waits while another process trains the same. */
  async #locked(work: string, { of, dataset }: PretrainedFacts): Promise<FolderLock> {
    let task: ProgressTask | undefined;
    let gone = 0;
    for (;;) {
      try {
        const lock = FolderLock.take(work);
        task?.done();
        return lock;
      } catch (error) {
        if (isGone(error) && gone++ < 10) continue; // the one that worked there has just removed its folder
        if (!(error instanceof FolderInUse)) throw cannotKeep(this.folder, error);
        // One on another machine may have ended unseen: people are told which file to remove then.
        const where = error.message.includes('If it has ended') ? ` (${error.message})` : '';
        const title = `waiting for another process that trains the ${of} on ${dataset}${where}`;
        task ??= new ProgressTask(title, 1, this.signal);
        await setTimeout(500);
        await task.pause();
      }
    }
  }
}

/** Removes a folder with the lock in it at once: a process that waits makes a new one, and never loses what it has begun. */
function removeWhole(folder: string): void {
  if (!existsSync(folder)) return;
  const aside = join(dirname(folder), `.${randomUUID()}`);
  renameSync(folder, aside);
  rmSync(aside, { recursive: true, force: true });
}

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

function cannotKeep(folder: string, cause: unknown): DataError {
  return new DataError(
    {
      asked: folder,
      wrong: `models trained on public data cannot be kept there: ${(cause as Error).message}`,
      next: 'Set DPBENCH_PRETRAINED to a folder that can be written.',
    },
    { cause },
  );
}

type Made = Pick<PretrainedModel, 'seconds' | 'trained'>;

/** As the file's metadata has it: all text. */
function describe({ of, dataset, images, checksum, settings }: PretrainedFacts): Record<string, string> {
  return { of, dataset, images: String(images), checksum, settings: JSON.stringify(settings) };
}

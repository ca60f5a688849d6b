import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { PretrainedFolder } from '../../../../lib/bench/pretrained/pretrained-folder.js';
import { FolderLock } from '../../../../lib/bench/unfinished/lock.js';
import { onProgress } from '../../../../lib/core/progress.js';
import type { Checkpoint, Pretraining } from '../../../../lib/methods/contract.js';
import { constant } from '../../../../lib/nn/parameters.js';
import { loadWeights, setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dpbench-pretrained-'))));

const images = { data: new Uint8Array(8), labels: Uint8Array.of(0, 1), count: 2, height: 2, width: 2, channels: 1 };

/** Asks for weights that training sets to 5, and says how often it trained. */
async function take(change: Partial<Pretraining> = {}, store = new PretrainedFolder(undefined, undefined, folder)) {
  const parameters = { weight: constant([2], 0) };
  let trainings = 0;
  const pretraining: Pretraining = {
    ...{ of: 'test network', parameters, dataset: { name: 'Public, 2', classes: ['a', 'b'], images } },
    settings: { size: 3, nested: { a: 1, b: 2 } },
    train: () => {
      trainings++;
      tf.tidy(() => parameters.weight.assign(tf.fill([2], 5)));
      return Promise.resolve(true);
    },
    ...change,
  };
  try {
    await store.take(pretraining);
    return { trainings, values: [...(await parameters.weight.data())], model: store.models.at(-1)! };
  } finally {
    parameters.weight.dispose();
  }
}

it('trains once, and gives the same weights to whoever asks for the same', async () => {
  const before = tf.memory().numTensors;
  const first = await take();
  const second = await take({ settings: { nested: { b: 2, a: 1 }, size: 3 } });
  expect(tf.memory().numTensors).toBe(before);
  expect([first.trainings, second.trainings]).toEqual([1, 0]);
  expect([first.values, second.values]).toEqual([
    [5, 5],
    [5, 5],
  ]);
  expect(first.model).toMatchObject({ of: 'test network', dataset: 'Public, 2', images: 2, values: 2, trained: true });
  expect(second.model).toMatchObject({ key: first.model.key, trained: false, checksum: first.model.checksum });
  expect(second.model.seconds).toBeCloseTo(first.model.seconds, 0);
  const files = readdirSync(folder);
  expect(files).toEqual([`test-network-public-2-${first.model.key}.safetensors`]);
  const { tensors, metadata } = await loadWeights(join(folder, files[0]!));
  tf.dispose(tensors);
  expect(metadata).toMatchObject({ of: 'test network', dataset: 'Public, 2', images: '2' });
  expect(JSON.parse(metadata['settings']!)).toEqual({ size: 3, nested: { a: 1, b: 2 } });
});

it('keeps what differs apart: settings, pixels, labels, what is trained; a name does not count', async () => {
  const plain = (await take()).model.key;
  const dataset = (name: string, change: object = {}) => ({
    ...{ name, classes: ['a', 'b'], images: { ...images, ...change } },
  });
  const keys = [
    await take({ settings: { size: 4 } }),
    await take({ dataset: dataset('Public, 2', { data: new Uint8Array(8).fill(1) }) }),
    await take({ dataset: dataset('Public, 2', { labels: Uint8Array.of(1, 1) }) }),
    await take({ of: 'other network' }),
  ].map(({ model }) => model.key);
  expect(new Set([plain, ...keys]).size).toBe(5);
  expect((await take({ dataset: dataset('another name') })).model.key).toBe(plain);
});

it('moves a damaged file aside and trains anew', async () => {
  const { model } = await take();
  const path = join(folder, `test-network-public-2-${model.key}.safetensors`);
  writeFileSync(path, 'no weights');
  expect(await take()).toMatchObject({ trainings: 1, values: [5, 5] });
  expect(existsSync(`${path}.damaged`)).toBe(true);
  expect((await take()).trainings).toBe(0);
});

it('goes on with a training that failed, by its checkpoint; leaves nothing of one that saved nothing', async () => {
  const fails = () => Promise.reject(new Error('stopped'));
  await expect(take({ train: fails })).rejects.toThrow('stopped');
  expect(readdirSync(folder)).toEqual([]);
  const saves = async (checkpoint: Checkpoint) => {
    const state = tf.scalar(7);
    await checkpoint.save(() => ({ tensors: { state }, values: { step: 7 } }), { now: true });
    state.dispose();
    throw new Error('stopped');
  };
  let began = '';
  const store = new PretrainedFolder(undefined, (work) => void (began = work), folder);
  await expect(take({ train: saves }, store)).rejects.toThrow('stopped');
  expect(began).toMatch(/test-network-public-2-[0-9a-f]{16}\.unfinished$/);
  let found: unknown;
  const resumes = async (checkpoint: Checkpoint) => {
    const saved = await checkpoint.load();
    found = saved?.values;
    tf.dispose(saved!.tensors['state']!);
    return true;
  };
  await take({ train: resumes });
  expect(found).toEqual({ step: 7 });
  expect(existsSync(began)).toBe(false);
});

it('refuses a checkpoint that says it is past the training', async () => {
  await expect(take({ train: () => Promise.resolve(false) })).rejects.toThrow(
    /unfinished: its checkpoint is of another training\. Remove it\.$/,
  );
});

it('waits while another process trains the same, and takes what that gives', async () => {
  const { model } = await take();
  const path = join(folder, `test-network-public-2-${model.key}`);
  renameSync(`${path}.safetensors`, `${path}.kept`); // as if it were not there yet
  const lock = FolderLock.take(`${path}.unfinished`);
  const told: string[] = [];
  const stop = onProgress(({ task }) => void told.push(task));
  const waiting = take();
  await new Promise((resolve) => setTimeout(resolve, 700));
  renameSync(`${path}.kept`, `${path}.safetensors`);
  lock.release();
  expect(await waiting).toMatchObject({ trainings: 0, values: [5, 5] });
  stop();
  expect(told).toContain('waiting for another process that trains the test network on Public, 2');
});

it('stops waiting when it is aborted', async () => {
  const { model } = await take({ settings: { other: 1 } });
  const path = join(folder, `test-network-public-2-${model.key}`);
  rmSync(`${path}.safetensors`);
  const lock = FolderLock.take(`${path}.unfinished`);
  const store = new PretrainedFolder(AbortSignal.timeout(100), undefined, folder);
  await expect(take({ settings: { other: 1 } }, store)).rejects.toThrow('timeout');
  lock.release();
});

it('leaves a process that has waited the folder that it works in', async () => {
  const { model } = await take({ settings: { waits: 1 } });
  const path = join(folder, `test-network-public-2-${model.key}`);
  rmSync(`${path}.safetensors`);
  const order: string[] = [];
  const slowly = (name: string, end: () => Promise<boolean>) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 700));
    order.push(
      `${name} has ${readdirSync(`${path}.unfinished`)
        .filter((each) => each.startsWith('lock-'))
        .join()}`,
    );
    return end();
  };
  const fails = take({ settings: { waits: 1 }, train: slowly('first', () => Promise.reject(new Error('stopped'))) });
  const waits = take({ settings: { waits: 1 }, train: slowly('second', () => Promise.resolve(true)) });
  await expect(fails).rejects.toThrow('stopped');
  await waits;
  expect(order).toEqual(['first begins', 'first has lock-1', 'second begins', 'second has lock-1']);
  expect(readdirSync(folder)).toEqual([`test-network-public-2-${model.key}.safetensors`]);
});

it('leaves a damaged file where it is while another process makes a new one', async () => {
  const { model } = await take();
  const path = join(folder, `test-network-public-2-${model.key}`);
  writeFileSync(`${path}.safetensors`, 'no weights');
  const lock = FolderLock.take(`${path}.unfinished`);
  const waiting = take();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(readdirSync(folder).some((name) => name.endsWith('.damaged'))).toBe(false);
  lock.release();
  expect(await waiting).toMatchObject({ trainings: 1, values: [5, 5] });
});

it('tells of a process on another machine which lock to remove when that has ended', async () => {
  const { model } = await take({ settings: { far: 1 } });
  const path = join(folder, `test-network-public-2-${model.key}`);
  rmSync(`${path}.safetensors`);
  const lock = FolderLock.take(`${path}.unfinished`);
  writeFileSync(lock.path, JSON.stringify({ pid: 7, host: 'elsewhere' }));
  const told: string[] = [];
  const stop = onProgress(({ task }) => void told.push(task));
  const store = new PretrainedFolder(AbortSignal.timeout(100), undefined, folder);
  await expect(take({ settings: { far: 1 } }, store)).rejects.toThrow('timeout');
  stop();
  expect(told[0]).toContain(`process 7 on elsewhere`);
  expect(told[0]).toContain(`If it has ended there, remove ${lock.path}.`);
});

it('says of a folder that cannot be written how to choose another', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(take({}, new PretrainedFolder(undefined, undefined, join(file, 'within')))).rejects.toThrow(
    /cannot be kept there: ENOTDIR.*\. Set DPBENCH_PRETRAINED to a folder that can be written\.$/,
  );
});

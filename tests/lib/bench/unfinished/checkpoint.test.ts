import { existsSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FolderCheckpoint } from '../../../../lib/bench/unfinished/checkpoint.js';
import { FolderJournal } from '../../../../lib/bench/unfinished/journal.js';
import { saveWeights, setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dpbench-checkpoint-'))));

const open = () => new FolderCheckpoint(folder, new FolderJournal(folder));
const path = () => join(folder, 'checkpoint.safetensors');

describe('the checkpoint of a run', () => {
  it('gives back tensors and values in a later process, and leaves no tensor behind', async () => {
    expect(await open().load()).toBeUndefined();
    const weight = tf.variable(tf.tensor2d([[1, 2]]));
    const other = tf.tensor2d([[3, 4]]);
    const before = tf.memory().numTensors;
    const values = { step: 7, losses: [0.5, -0], name: 'ä', nothing: null };
    await open().save(() => ({ tensors: { weight }, values }), { now: true });
    weight.assign(other);
    const saved = (await open().load())!;
    expect(saved.values).toEqual({ ...values, losses: [0.5, 0] });
    expect([...(await saved.tensors['weight']!.data())]).toEqual([1, 2]);
    tf.dispose(saved.tensors);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is cheap to call: writes every 20 seconds, and at once when told', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    try {
      const checkpoint = open();
      let asked = 0;
      const state = () => ({ tensors: {}, values: { asked: ++asked } });
      const at = async (milliseconds: number, options = {}) => {
        clock.mockReturnValue(1000 + milliseconds);
        await checkpoint.save(state, options);
        return asked;
      };
      expect([await at(0), await at(19_999), await at(20_000), await at(39_999)]).toEqual([0, 0, 1, 1]);
      expect([await at(39_999, { now: true }), await at(40_001), await at(59_999)]).toEqual([2, 2, 3]);
      expect(((await checkpoint.load())!.values as { asked: number }).asked).toBe(3);
    } finally {
      clock.mockRestore();
    }
  });

  it('is written as often as the environment says', async () => {
    process.env['DPBENCH_CHECKPOINT_SECONDS'] = '0';
    await open().save(() => ({ tensors: {}, values: 1 }));
    expect(existsSync(path())).toBe(true);
    process.env['DPBENCH_CHECKPOINT_SECONDS'] = 'often';
    expect(open).toThrow(
      'checkpoint: DPBENCH_CHECKPOINT_SECONDS is out of range; got NaN, expected a number of at least 0',
    );
    delete process.env['DPBENCH_CHECKPOINT_SECONDS'];
  });

  it('refuses a counter of batches that has lost some since', async () => {
    const journal = new FolderJournal(folder);
    journal.begun(1, 3);
    await open().save(() => ({ tensors: {}, values: 3 }), { now: true });
    journal.begun(1, 4);
    expect((await open().load())!.values).toBe(3);
    truncateSync(join(folder, 'begun-1'), 2);
    const tensors = tf.memory().numTensors;
    await expect(open().load()).rejects.toThrow(
      'batches that were drawn are missing, so that they would be drawn again; got 2, expected at least 3.',
    );
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('says when it is cut or of another kind, keeps it then, and keeps the last one when saving fails', async () => {
    await open().save(() => ({ tensors: { a: tf.scalar(1) }, values: 1 }), { now: true });
    const whole = readFileSync(path());
    const failing = open().save(() => ({ tensors: {}, values: { loss: NaN } }), { now: true });
    await expect(failing).rejects.toThrow('checkpoint: loss is not finite; got NaN.');
    expect(readFileSync(path())).toEqual(whole);

    writeFileSync(path(), whole.subarray(0, 20));
    await expect(open().load()).rejects.toThrow(/checkpoint\.safetensors'\): the file ends inside its header/);
    expect(readFileSync(path())).toEqual(whole.subarray(0, 20));
    await saveWeights(path(), {}, { other: 'file' });
    await expect(open().load()).rejects.toThrow('no checkpoint of a run; expected values and begun in its metadata.');
  });

  it('clears away what a killed process was writing', () => {
    writeFileSync(join(folder, 'checkpoint.safetensors.1234.partial'), 'half');
    writeFileSync(join(folder, 'ledger.json'), '{}');
    open();
    expect(readdirSync(folder)).toEqual(['ledger.json']);
  });
});

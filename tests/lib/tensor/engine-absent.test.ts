import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../lib/core/errors.js';
import { inspectEngine, tensorFlowVersion, tf } from '../../../lib/tensor/index.js';
import { FakeMachine } from './runtime/fake-machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('without an engine', () => {
  it('tf says to run dpbench setup', () => {
    expect(() => tf.zeros([1])).toThrow(EngineError);
    expect(() => tf.zeros([1])).toThrow(
      `tf: the tensor engine is not set up; got '${machine.cache}', expected an engine that \`dpbench setup\` made ready. Run \`dpbench setup\` (about a minute, once), then try again.`,
    );
    expect(tensorFlowVersion()).toBe('none');
  });

  it('the doctor names everything that is absent, with what mends it', async () => {
    const lines = await inspectEngine();
    expect(lines.filter(({ ok }) => !ok).map(({ name, value }) => [name, value])).toEqual([
      ['Python', 'none'],
      ['C++ compiler', 'none'],
      ['TensorFlow', 'not found'],
      ['engine', 'not set up'],
    ]);
    expect(lines.find(({ name }) => name === 'C++ compiler')?.mend).toContain('apt install g++');
    expect(lines.find(({ name }) => name === 'engine')?.mend).toBe('Run `dpbench setup`.');
    for (const { ok, mend } of lines) expect(ok).toBe(mend === undefined);
  });

  it('the doctor shows a wrong DPBENCH_TENSORFLOW and an engine that cannot be loaded', async () => {
    process.env['DPBENCH_TENSORFLOW'] = machine.bin;
    const line = (await inspectEngine()).find(({ name }) => name === 'TensorFlow');
    expect(line).toMatchObject({ ok: false, mend: expect.stringContaining('dpbench setup') as string });
    expect(line?.value).toContain('this folder holds no TensorFlow');
  });
});

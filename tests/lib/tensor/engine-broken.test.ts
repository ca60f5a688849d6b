import { afterEach, beforeEach, expect, it } from 'vitest';
import { inspectEngine, setupEngine, tf } from '../../../lib/tensor/index.js';
import { FakeMachine } from './runtime/fake-machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

it('an engine whose files are no binding says what to delete, also in the doctor', async () => {
  machine.writeWheel();
  machine.python();
  machine.compiler();
  await setupEngine();
  const mend = `Delete ${machine.cache} and run \`dpbench setup\` again.`;
  expect(() => tf.zeros([1])).toThrow(
    /^tf: the tensor engine cannot be loaded \(.+\); got .*expected a binding that fits/,
  );
  expect(() => tf.zeros([1])).toThrow(mend);
  const line = (await inspectEngine()).find(({ name }) => name === 'engine');
  expect(line).toMatchObject({ ok: false, mend });
});

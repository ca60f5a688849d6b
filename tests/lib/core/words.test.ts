import { describe, expect, it } from 'vitest';
import { check, checkKeys, checkOneOf } from '../../../lib/core/check.js';
import { Diagnostic, revealForDisplay } from '../../../lib/core/diagnostic.js';
import { DpbenchError, OptionError } from '../../../lib/core/errors.js';
import {
  composedEvent,
  describeEvent,
  gaussianEvent,
  poissonSampledEvent,
  selfComposedEvent,
} from '../../../lib/core/events.js';
import { evenLabels, images, takeImages } from '../../../lib/core/images.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { nearest } from '../../../lib/core/nearest.js';
import { count, countOrZero, fraction, memberName, oneOf, parameterValues } from '../../../lib/core/options.js';
import { onProgress, ProgressTask, type TimedReport } from '../../../lib/core/progress.js';
import { Registry } from '../../../lib/core/registry.js';

describe('errors', () => {
  it('say what was asked, what is wrong, what came, what was expected and what to do', () => {
    const error = new OptionError({ asked: 'a', wrong: 'b', got: [1], expected: 'c', next: 'D.' });
    expect(error.message).toBe('a: b; got [1], expected c. D.');
    expect(new DpbenchError({ asked: 'a', wrong: 'b', got: 'x'.repeat(500) }).message.length).toBeLessThan(140);
  });
});

describe('nearest', () => {
  const names = ['mnist', 'mnist-10k', 'fashion-mnist', 'cifar-10'];
  it('finds misspelt names and parts of names', () => {
    expect(nearest('mnsit', names)[0]).toBe('mnist');
    expect(nearest('cifar10', names)[0]).toBe('cifar-10');
    expect(nearest('fmnist', names)).toContain('mnist');
    expect(nearest('zzzzzzzz', names)).toEqual([]);
  });
});

describe('registry', () => {
  it('answers an unknown name with the nearest and refuses a name twice', () => {
    const registry = new Registry('method', [{ id: 'dp-merf' }, { id: 'dpgan' }]);
    expect(() => registry.get('dp-mef')).toThrow(
      "method: no such name; got 'dp-mef', expected dp-merf, dpgan. Did you mean 'dp-merf'?",
    );
    expect(() => registry.define({ id: 'dpgan' })).toThrow("method: the name is taken; got 'dpgan'");
    expect(() => registry.define({ id: 'DP GAN' })).toThrow("method: not a name; got 'DP GAN', expected kebab-case");
  });
});

describe('check', () => {
  it('names the option and its range', () => {
    expect(() => check('fraction', 'dp.epsilon', { sampleRate: 2 })).toThrow(
      'dp.epsilon: sampleRate is out of range; got 2, expected a number above 0 and at most 1.',
    );
    expect(() => check('count', 'x', { steps: Number.NaN })).toThrow('got NaN');
    expect(() => checkKeys('dp.run', { epsilom: 1 }, ['epsilon', 'delta'])).toThrow("Did you mean 'epsilon'?");
    expect(() => checkOneOf('dp.run', 'scale', 'lapto', ['smoke', 'laptop'])).toThrow("Did you mean 'laptop'?");
  });
});

describe('options', () => {
  const parameters = {
    steps: count({ smoke: 1, laptop: 2, paper: 3 }, 'd'),
    rate: fraction(0.5, 'd'),
    kind: oneOf(['a', 'b'], 'a', 'd'),
  };
  it('take the default of the scale and the value of the user', () => {
    expect(parameterValues('m', parameters, 'laptop', { rate: 0.25 })).toEqual({ steps: 2, rate: 0.25, kind: 'a' });
  });
  it('refuse unknown names and bad values', () => {
    expect(() => parameterValues('m', parameters, 'smoke', { step: 1 })).toThrow("Did you mean 'steps'?");
    expect(() => parameterValues('m', parameters, 'smoke', { steps: 1.5 })).toThrow('steps is out of range; got 1.5');
    expect(() => parameterValues('m', parameters, 'smoke', { kind: 'c' })).toThrow('expected a, b');
    const from = { lookahead: countOrZero(0, 'd') };
    expect(parameterValues('m', from, 'smoke', { lookahead: 0 })).toEqual({ lookahead: 0 });
    expect(() => parameterValues('m', from, 'smoke', { lookahead: 0.5 })).toThrow('a whole number of at least 0');
  });
  it('name members of a registry as it is when they are checked', () => {
    const registry = new Registry('generator', [{ id: 'pool' }]);
    const generator = memberName(() => registry.names(), 'pool', 'd');
    expect(() => parameterValues('m', { generator }, 'smoke', { generator: 'mine' })).toThrow(
      "m: generator has no such value; got 'mine', expected pool.",
    );
    registry.define({ id: 'mine' });
    expect(parameterValues('m', { generator }, 'smoke', { generator: 'mine' })).toEqual({ generator: 'mine' });
    expect(generator.expected).toBe('pool, mine');
  });
});

describe('images', () => {
  it('check their shape and are taken in order', () => {
    const stack = {
      ...images(Uint8Array.of(1, 2, 3), { count: 3, height: 1, width: 1, channels: 1 }),
      labels: Uint8Array.of(7, 8, 9),
    };
    expect(takeImages(stack, [2, 0])).toMatchObject({
      count: 2,
      data: Uint8Array.of(3, 1),
      labels: Uint8Array.of(9, 7),
    });
    expect(() => images(new Uint8Array(5), { count: 1, height: 2, width: 2, channels: 1 })).toThrow(
      'expected 4 bytes for [1, 2, 2, 1]',
    );
    expect([...evenLabels(5, 2)]).toEqual([0, 0, 0, 1, 1]);
  });
});

describe('diagnostic', () => {
  const secret = new Diagnostic(0.25, 'accuracy on the test set');
  it('is shown and is no number', async () => {
    expect(JSON.stringify({ secret })).toBe('{"secret":0.25}');
    expect(revealForDisplay(secret)).toBe(0.25);
    expect(() => Number(secret)).toThrow('cannot take part in arithmetic or comparison');
    // @ts-expect-error a diagnostic cannot be compared: choosing by it would be a release that no budget covers
    expect(() => secret > 0.2).toThrow('not take part');
    const bundle = await secret[displaySymbol]();
    expect(bundle['text/html']).toContain('not differentially private');
  });
});

describe('events', () => {
  it('describe themselves', () => {
    const event = composedEvent([
      selfComposedEvent(poissonSampledEvent(0.01, gaussianEvent(1.5)), 10),
      gaussianEvent(2),
    ]);
    expect(describeEvent(event)).toBe(
      '10 x [Gaussian, noise multiplier 1.5, on a Poisson sample of rate 0.01]; Gaussian, noise multiplier 2',
    );
  });
});

describe('progress', () => {
  it('keeps what is known, ends with a last report and stops when aborted', async () => {
    const seen: TimedReport[] = [];
    const stop = onProgress((report) => seen.push(report));
    const controller = new AbortController();
    const task = new ProgressTask('work', 2, controller.signal);
    task.report({ step: 1, loss: 3 });
    task.done();
    stop();
    expect(seen.map(({ step, loss, done }) => [step, loss, done])).toEqual([
      [0, undefined, false],
      [1, 3, false],
      [2, 3, true],
    ]);
    controller.abort(new Error('stopped by the user'));
    await expect(task.pause()).rejects.toThrow('stopped by the user');
  });
});

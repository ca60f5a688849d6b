import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { images } from '../../../lib/core/images.js';
import type { TimedReport } from '../../../lib/core/progress.js';
import { progressBundle, progressLine } from '../../../lib/display/index.js';

const report: TimedReport = {
  task: 'training',
  step: 500,
  steps: 2000,
  rate: 25.04,
  secondsSpent: 20,
  secondsLeft: 60,
  done: false,
  taskId: 1,
};

const picture = (html: unknown, type: string) => {
  const found = new RegExp(`data:${type};base64,([^"]+)"`).exec(String(html));
  return found && Buffer.from(found[1]!, 'base64');
};

describe('progress', () => {
  it('is a line for terminals: bar, steps, rate, time, loss, epsilon, curve', () => {
    expect(progressLine(report)).toBe(
      `training |${'█'.repeat(6)}${' '.repeat(18)}| 25 % 500/2000, 25 steps/s, 1 min 0 s left`,
    );
    const full = { ...report, loss: 0.12345, epsilon: 1.5, curve: { name: 'FID', points: [[100, 80.1]] as const } };
    expect(progressLine(full)).toContain('loss 0.1235, epsilon 1.5, FID 80.1');
  });

  it('draws parts of a letter, and never more than the whole bar', () => {
    // 24 letters, one step of 64: 0.375 letters, which is three eighths.
    expect(progressLine({ ...report, step: 1, steps: 64 })).toContain(`|▍${' '.repeat(23)}| 1 % 1/64`);
    expect(progressLine({ ...report, step: 70, steps: 64 })).toContain(`|${'█'.repeat(24)}| 100 %`);
    expect(progressLine({ ...report, step: 0, steps: 0 })).toContain(`|${' '.repeat(24)}| 0 % 0/0`);
  });

  it('says how long it took, and nothing about a time that nobody knows', () => {
    expect(progressLine({ ...report, step: 2000, done: true, secondsLeft: 0, secondsSpent: 7500 })).toContain(
      'took 2 h 5 min',
    );
    expect(progressLine({ ...report, step: 2000, done: true, secondsSpent: 1.26 })).toContain('took 1.3 s');
    expect(progressLine({ ...report, step: 0, rate: 0, secondsLeft: Infinity })).toMatch(/0 % 0\/2000$/);
  });

  it('is one piece of HTML for a cell, with the curve and the samples in it', () => {
    const samples = images(new Uint8Array(30 * 784), { count: 30, height: 28, width: 28, channels: 1 });
    const curve = {
      name: '<b>FID</b>',
      points: [
        [100, 90],
        [200, NaN],
        [300, 40],
        [400, 50],
      ] as const,
    };
    const bundle = progressBundle({ ...report, curve, samples });
    const html = String(bundle['text/html']);
    expect(html).toContain('width:25.0%');
    expect(html).not.toContain('<b>FID');
    const svg = picture(html, 'image/svg\\+xml')!.toString('utf8');
    // Three points: the gap is left out, the lowest value lies lowest, the highest at the top.
    expect(svg).toMatch(/d="M4 6L[\d.]+ 44L[\d.]+ 36.4"/);
    expect(svg).toContain('lowest 40');
    // Ten in a row, twenty at most: two rows of 2 * 28 + 2 pixels.
    expect(decode(picture(html, 'image/png')!)).toMatchObject({ width: 582, height: 118 });
    expect(bundle['text/plain']).toBe(progressLine({ ...report, curve }));
  });

  it('leaves only its line when it is done, since the result is drawn below it', () => {
    const samples = images(new Uint8Array(784), { count: 1, height: 28, width: 28, channels: 1 });
    const curve = {
      name: 'FID',
      points: [
        [1, 3],
        [2, 2],
      ] as const,
    };
    const whole = { ...report, step: 1, steps: 1, rate: 0, secondsLeft: 0, done: true, curve, samples };
    expect(progressBundle(whole)['text/html']).not.toContain('<img');
    expect(progressLine(whole)).toBe(`training |${'█'.repeat(24)}| took 20 s, FID 2`);
  });

  it('has no curve before two points and no samples before they are made', () => {
    const html = progressBundle({ ...report, curve: { name: 'FID', points: [[1, 2]] } })['text/html'];
    expect(html).not.toContain('<img');
  });
});

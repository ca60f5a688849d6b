import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { StageRecorder } from '../../../lib/bench/stages.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { ProgressGroup } from '../../../lib/core/progress.js';
import { dpMerf } from '../../../lib/methods/dp-merf.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const images = (shade: number) => ({
  ...{ count: 2, height: 2, width: 2, channels: 1, labels: Uint8Array.of(0, 1) },
  data: new Uint8Array(8).fill(shade),
});
const folder = () => mkdtempSync(join(tmpdir(), 'dpbench-stages-'));

it('keeps stages in order for a later process, and replaces one of the same title', () => {
  const place = folder();
  const first = new StageRecorder(place, new ProgressGroup('run'));
  first.show('one', images(1));
  first.show('two', images(2));
  const second = new StageRecorder(place, new ProgressGroup('run'));
  expect(second.stages).toEqual(first.stages);
  second.show('one', images(3));
  second.show('three', images(4));
  expect(second.stages.map(({ title, images }) => [title, images.data[0]])).toEqual([
    ['one', 3],
    ['two', 2],
    ['three', 4],
  ]);
});

it('refuses a damaged file', () => {
  const place = folder();
  writeFileSync(join(place, 'stages.json'), '[{"title": "x", "data": "", "count": 3}]');
  expect(() => new StageRecorder(place, new ProgressGroup('run'))).toThrow(
    /stages\.json: no stages of a run\. Remove the file: stages that are past are then not shown\.$/,
  );
});

it('a run shows them, and its folder holds them', async () => {
  methods.define({
    ...dpMerf,
    id: 'staged',
    fit: async (context) => {
      await context.onStage('made-up images', {
        ...images(9),
        ...{ height: 28, width: 28, data: new Uint8Array(2 * 784).fill(9) },
      });
      // Public images have labels that the private classes do not reach.
      const labels = Uint8Array.of(0, 60);
      await context.onStage('long '.repeat(80), { ...images(9), labels });
      return dpMerf.fit(context);
    },
  });
  const out = join(folder(), 'run');
  const done = await run({
    ...{ method: 'staged', dataset: 'mnist-10k', epsilon: 1, scale: 'smoke', limit: 200, samples: 10, out },
    ...{ metrics: [], curve: 'none' },
  } as Parameters<typeof run>[0]);
  expect(done.stages).toMatchObject([{ title: 'made-up images', images: { count: 2 } }, { images: { count: 2 } }]);
  const files = readdirSync(join(done.folder, 'stages')).sort();
  expect(files.slice(0, 2)).toEqual(['1-made-up-images.npz', '1-made-up-images.png']);
  expect(files.slice(2)).toEqual([`2-${'long-'.repeat(12)}.npz`, `2-${'long-'.repeat(12)}.png`]);
  const drawn = await done[displaySymbol]();
  expect(drawn['text/plain']).toMatch(
    /Stages of staged: made-up images, 2 images; (long )+, 2 images; the result, 10 images/,
  );
});

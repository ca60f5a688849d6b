// A run to be killed, in a process of its own: one release, then DP-SGD. What it does goes to a log, a line each.
//   node killed-run.mjs <folder of the result> <log>
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { datasets, gaussian, methods, run } from '../../../../dist/lib/index.js';
import { dpSgd } from '../../../../dist/lib/mechanisms/index.js';
import { dense } from '../../../../dist/lib/nn/layers/dense.js';
import { setupEngine, tf } from '../../../../dist/lib/tensor/index.js';

const [out, logFile] = process.argv.slice(2);
const log = (line) => appendFileSync(logFile, `${line}\n`);
const shape = { height: 1, width: 2, channels: 1 };

datasets.define({
  id: 'toy-set',
  title: 'Grey pixels, for tests',
  licence: 'none',
  classes: ['a', 'b'],
  shape,
  public: false,
  read: async () => {
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
    const rows = { data: new Uint8Array(80).fill(100), labels, count: 40, ...shape };
    return { train: rows, test: rows };
  },
});

const linear = dense({ name: 'w', inputs: 2, outputs: 1, bias: false });
const losses = (tape, images) => tape.use(linear, images.reshape([-1, 2])).reshape([-1]);

methods.define({
  id: 'toy-training',
  title: 'A release and a training, for tests',
  paper: { title: 'none', authors: 'none', year: 2026, url: 'https://example.org' },
  params: {},
  samples: { smoke: 2, laptop: 2, paper: 2 },
  spends: (_params, { size }) => [
    gaussian({ of: 'mean', l2Sensitivity: 1 / size }),
    dpSgd({ of: 'network', clipNorm: 1, sampleRate: 0.5, steps: 150 }),
  ],
  async fit({ mechanisms, own, checkpoint }) {
    const features = (images) => images.reshape([-1, 2]);
    const { value } = await mechanisms.labelMeans('mean', { features, dimension: 2, clipNorm: 1 });
    log(`released ${[...value].join()}`);
    const weight = own(tf.variable(tf.zeros([2, 1])));
    const parameters = { 'w.kernel': weight };
    const saved = await checkpoint.load();
    if (saved) weight.assign(saved.tensors['w.kernel']);
    log(`loaded ${saved?.values.step ?? 0}`);
    let training;
    // Called once a batch, when it is drawn, and before that by the check that keeps records apart.
    const draws = () => {
      if (training) log(`drawn ${training.step}`);
      return [];
    };
    training = own(await mechanisms.dpSgd('network', { losses, parameters, microBatch: 64, draws }));
    while (training.step < training.steps) {
      const gradients = await training.next();
      weight.assign(tf.tidy(() => weight.sub(gradients['w.kernel'].mul(0.1))));
      tf.dispose(gradients);
      const { step } = training;
      await checkpoint.save(() => ({ tensors: parameters, values: { step } }), { now: step % 10 === 0 });
      await sleep(2);
    }
    return { sample: async ({ length }) => ({ data: new Uint8Array(2 * length), count: length, ...shape }) };
  },
});

await setupEngine();
await run({ method: 'toy-training', dataset: 'toy-set', epsilon: 5, scale: 'smoke', metrics: [], out });

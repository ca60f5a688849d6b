import { SecureStream, SeededStream } from '../../../lib/core/rng.js';
import { ClippedGradient } from '../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { addRoundedGaussian } from '../../../lib/mechanisms/dp-sgd/rounded-noise.js';
import { initialParameters } from '../../../lib/nn/initial-parameters.js';
import { Sgd } from '../../../lib/nn/sgd.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { benchNet, type NetSize } from './net.js';

/**
 * Times one DP-SGD step of dpbench: `node step.js '{"precision": "float32", "sizes": [{"batch": 64, …}]}'` prints one JSON
 * line for each size. It is the step that training does: clipped gradients of all parameters, secure noise once, and an
 * update with rate 0 as the peers'. Median of 7 after 2 warm-ups; `compile` is the first step, which records the graph.
 */
export interface StepRequest {
  readonly precision: 'float32' | 'bfloat16';
  readonly sizes: readonly NetSize[];
}

export interface StepReport {
  readonly seconds: number;
  readonly compile: number;
  readonly peak_mb: number;
}

async function timeSteps(size: NetSize, precision: StepRequest['precision']): Promise<StepReport> {
  const { layers, losses } = benchNet(size);
  const parameters = initialParameters(layers, new SeededStream(1));
  const shape = [size.batch, size.side, size.side, 1];
  const inputs = [tf.randomNormal(shape), tf.randomNormal(shape)];
  const gradient = new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: size.batch, precision });
  const optimizer = new Sgd(parameters);
  const noise = new SecureStream();
  const step = async () => {
    const start = performance.now();
    const sums = gradient.zeros();
    await gradient.add(sums, inputs);
    const update = gradient.named(addRoundedGaussian(sums, { l2Sensitivity: 1, noiseMultiplier: 1 }, noise));
    optimizer.apply(update, 0);
    tf.dispose(update);
    return (performance.now() - start) / 1000;
  };
  const compile = await step();
  const times: number[] = [];
  for (let i = 0; i < 8; i++) times.push(await step());
  gradient.dispose();
  tf.dispose([...inputs, ...Object.values(parameters)]);
  const sorted = times.slice(1).sort((a, b) => a - b);
  return { seconds: sorted[3]!, compile, peak_mb: process.resourceUsage().maxRSS / 1024 };
}

await setupEngine();
const { precision, sizes } = JSON.parse(process.argv[2]!) as StepRequest;
for (const size of sizes) process.stdout.write(`${JSON.stringify(await timeSteps(size, precision))}\n`);

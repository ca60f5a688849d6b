import { OptionError } from '../../core/errors.js';
import { SeededStream } from '../../core/rng.js';
import { wassersteinLosses } from '../../nn/critics/critic-group.js';
import { tf, type Tensor, type Tensor4D } from '../../tensor/index.js';
import type { PublicFacts } from '../sensitive.js';
import type { CriticsQuery } from './critics-query.js';

/** Share of a gradient that rounding may change it by. */
const rounding = 1e-4;

/**
 * Refuses critics that share anything: a record would then change more than the critic of its own shard, and the noise would be
 * too small. It is tried with two critics and made-up data: what the second one learns, answers and carries along may not change
 * when the data and the weights of the first are exchanged.
 *
 * @throws OptionError when they do.
 */
export async function checkCriticsApart(of: string, query: CriticsQuery, facts: PublicFacts): Promise<void> {
  const [one, another] = [await secondOf(query, facts, 'one'), await secondOf(query, facts, 'another')];
  const length = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const size = length(one);
  const distance = length(one.map((value, i) => value - another[i]!));
  const learns = size > 0 && Number.isFinite(size);
  if (learns && distance <= rounding * size) return;
  const asked = `critics of '${of}'`;
  if (!learns)
    throw new OptionError({
      asked,
      wrong: 'they learn nothing from made-up images, so it cannot be seen whether they are kept apart',
      expected: 'scores with gradients that are finite and not all zero',
    });
  throw new OptionError({
    asked,
    wrong: 'one critic changes what another one learns or answers, so the noise would be too small',
    got: `a change by ${Number(((100 * distance) / size).toPrecision(2))} %`,
    expected: 'scores that depend on the images and the weights of their own critic only',
  });
}

/** Gradient, answer and state of the second of two critics, beside a first one that follows from `first`. */
async function secondOf({ critics, loss, seen }: CriticsQuery, { shape, classes }: PublicFacts, first: string) {
  const batch = 2;
  const group = critics.newGroup(2, new SeededStream('apart'));
  const kept = tf.tidy(() => {
    /** `[2, …]`: a half that depends on `first`, and one that is always the same. */
    const halves = (name: string, size: number[], scale = 1): Tensor => {
      const half = (stream: SeededStream) => {
        const values = Float32Array.from({ length: size.reduce((a, b) => a * b, 1) }, () => stream.uniform() * scale);
        return tf.tensor(values, size);
      };
      const stream = new SeededStream(`apart ${name}`);
      return tf.stack([half(stream.fork(first)), half(stream)]);
    };
    const image = [batch, shape.height, shape.width, shape.channels];
    const labels = halves('labels', [batch, classes.length]);
    const data = {
      real: halves('real', image),
      fake: halves('fake', image),
      mix: halves('mix', [batch, 1, 1, 1]),
      labels,
    };
    const names = Object.keys(group.parameters);
    const values = Object.entries(group.parameters).map(([name, { shape }]) => halves(name, shape.slice(1), 0.1));
    Object.values(group.parameters).forEach((parameter, i) => parameter.assign(values[i]!.clone()));
    group.advance();
    const weights = (tensors: readonly Tensor[]) => ({
      ...group.state,
      ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])),
    });
    const gradients = tf.grads((...tensors: Tensor[]) =>
      wassersteinLosses(critics, weights(tensors), data, loss).sum(),
    )(values);
    const slopes = tf.grad((x: Tensor) => critics.scores(weights(values), x, labels).sum())(data.real);
    const rows = slopes.reshape<Tensor4D>([2 * batch, ...image.slice(1)]);
    const shown = (seen?.(rows) ?? rows).reshape([2, -1]);
    const all = [...gradients, ...Object.values(group.state), shown];
    return tf.concat(all.map((tensor) => tensor.slice([1], [1]).flatten()));
  });
  const second = Array.from(await kept.data());
  kept.dispose();
  group.dispose();
  return second;
}

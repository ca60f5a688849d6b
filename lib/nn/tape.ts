import { OptionError } from '../core/errors.js';
import { tf, type Tensor } from '../tensor/index.js';
import { materialised } from './layers/example-gradients.js';
import type { ExampleGradients, Layer } from './layers/layer.js';
import type { Weights } from './parameters.js';

/**
 * What runs the layers of a model. A model is a function of a tape and of inputs, and its weights come from the tape, so
 * that no weight is used past a layer, where no rule would know its gradients.
 *
 * @example
 * const logits = (tape: Tape, x: Tensor) => tape.use(last, tape.use(first, x).relu());
 * const y = logits(forwardTape(weights), x);
 */
export interface Tape {
  use(layer: Layer, input: Tensor): Tensor;
}

/**
 * The losses `[examples]` of a batch, each from its own row of each input. Inside, an example may become k rows that follow
 * one another (copies with different noise), the same k for all, whose losses are averaged at the end: its gradient is that
 * of the average.
 *
 * @example
 * (tape, images, noise) => {   // [examples, 28, 28, 1] and [examples, 4, 28, 28, 1]
 *   const noisy = images.expandDims(1).add(noise);
 *   return loss(model(tape, noisy.reshape([-1, 28, 28, 1]))).reshape([-1, 4]).mean(1);
 * }
 */
export type ExampleLosses = (tape: Tape, ...inputs: Tensor[]) => Tensor;

/** A tape that only computes: to sample, to evaluate, to train on public data with plain gradients. */
export function forwardTape(weights: Weights): Tape {
  return {
    use: (layer, input) => {
      checkWeights(layer, weights);
      return layer.apply(weights, input);
    },
  };
}

interface LayerUse {
  readonly layer: Layer;
  readonly input: Tensor;
}

/**
 * For each trained parameter the gradients of each example's loss: by one backward pass for the probes of all layers
 * (see `Layer`). A parameter that is used several times gets the sum of its uses.
 *
 * They are handed to `work` and are gone afterwards, as are all tensors but those that `work` returns. These are values
 * of single examples: only a mechanism may take what comes of them out to a user.
 *
 * @param trained names of the parameters to find gradients for; others cost nothing.
 * @throws OptionError when a weight is absent or has another shape than its layer, when a trained parameter is used by
 * no layer, when the losses are not one number for each example, and when a layer's rows are not the same number for each.
 */
export function withExampleGradients<Result extends Tensor[]>(
  losses: ExampleLosses,
  { weights, trained, inputs }: { weights: Weights; trained: readonly string[]; inputs: readonly Tensor[] },
  work: (gradients: ReadonlyMap<string, ExampleGradients>) => Result,
): Result {
  return tf.tidy(() => {
    const learns = (layer: Layer) => Object.keys(layer.parameters).some((name) => trained.includes(name));
    const shapes = probeShapes(losses, { weights, inputs }, learns);
    checkAllUsed(trained, shapes);
    const uses: LayerUse[] = [];
    try {
      const loss = (...probes: Tensor[]) => {
        const use = (layer: Layer, input: Tensor): Tensor => {
          if (!learns(layer)) return layer.apply(weights, input);
          // Kept: the inputs outlive the forward pass.
          const probe = probes[uses.push({ layer, input: tf.keep(input.clone()) }) - 1];
          return layer.apply(weights, input, probe);
        };
        return losses({ use }, ...inputs)
          .sum()
          .asScalar();
      };
      const probeGradients = tf.grads(loss)(shapes.map(({ shape }) => tf.zeros(shape)));
      return work(byParameter(uses, probeGradients, { trained, examples: inputs[0]!.shape[0]! }));
    } finally {
      tf.dispose(uses.map(({ input }) => input));
    }
  });
}

/** A first pass that only finds the probes' shapes; in a recorded graph nothing of it is left. */
function probeShapes(
  losses: ExampleLosses,
  { weights, inputs }: { weights: Weights; inputs: readonly Tensor[] },
  learns: (layer: Layer) => boolean,
): { layer: Layer; shape: number[] }[] {
  const found: { layer: Layer; shape: number[] }[] = [];
  const forward = forwardTape(weights);
  const use = (layer: Layer, input: Tensor): Tensor => {
    if (learns(layer)) {
      checkRows(layer, input.shape[0]!, batch);
      found.push({ layer, shape: layer.probeShape(input.shape) });
    }
    return forward.use(layer, input);
  };
  const batch = inputs[0]?.shape[0] ?? 0;
  tf.tidy(() => {
    const { shape } = losses({ use }, ...inputs);
    if (shape.length !== 1 || shape[0] !== batch)
      throw new OptionError({
        asked: 'example gradients',
        wrong: 'the losses are not one number for each example',
        got: shape,
        expected: `shape [${batch}], the length of the inputs' first axis`,
        next: 'Take means over the other axes, never over the batch.',
      });
  });
  return found;
}

/** Gradients by parameter name; several uses of one parameter are added up. */
function byParameter(
  uses: readonly LayerUse[],
  probeGradients: readonly Tensor[],
  { trained, examples }: { trained: readonly string[]; examples: number },
): Map<string, ExampleGradients> {
  const found = new Map<string, ExampleGradients[]>(trained.map((name) => [name, []]));
  const shapes = new Map<string, readonly number[]>();
  uses.forEach(({ layer, input }, i) => {
    for (const [name, parameter] of Object.entries(layer.parameters)) {
      found.get(name)?.push(parameter.gradients(input, probeGradients[i]!, examples));
      shapes.set(name, parameter.shape);
    }
  });
  const total = (name: string, parts: readonly ExampleGradients[]) =>
    parts.length === 1 ? parts[0]! : materialised([tf.addN(parts.map((part) => part.all()))], shapes.get(name)!);
  return new Map([...found].map(([name, parts]) => [name, total(name, parts)]));
}

function checkWeights(layer: Layer, weights: Weights): void {
  for (const [name, { shape }] of Object.entries(layer.parameters)) {
    const weight = weights[name];
    if (weight && weight.shape.join() === shape.join()) continue;
    throw new OptionError({
      asked: `layer ${layer.kind}`,
      wrong: weight ? `the weight ${name} has another shape` : `there is no weight ${name}`,
      got: weight ? weight.shape : Object.keys(weights).join(', '),
      expected: `shape [${shape.join(', ')}]`,
    });
  }
}

function checkRows(layer: Layer, rows: number, examples: number): void {
  if (rows > 0 && rows % examples === 0) return;
  throw new OptionError({
    asked: `example gradients of layer ${layer.kind}`,
    wrong: 'the rows of its input are not the same number for each example',
    got: rows,
    expected: `a multiple of the ${examples} examples`,
    next: 'Give the layer all rows of all examples, those of an example one after the other.',
  });
}

function checkAllUsed(trained: readonly string[], uses: readonly { layer: Layer }[]): void {
  const unused = trained.filter((name) => !uses.some(({ layer }) => name in layer.parameters));
  if (trained.length > 0 && unused.length === 0) return;
  throw new OptionError({
    asked: 'example gradients',
    wrong: trained.length === 0 ? 'no parameter is trained' : 'a trained parameter is used by no layer',
    got: unused.join(', '),
    expected: 'names of parameters of the layers that the model uses',
    next: 'Leave out what is frozen or not used.',
  });
}

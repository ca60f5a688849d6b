import { parameterValues, type ParameterValues, type Parameters, type Scale } from '../core/options.js';
import type { AnyMethod, PublishedSettings } from './contract.js';

/** For whom the parameters of a method are wanted. */
interface Occasion {
  readonly scale: Scale;
  readonly dataset: string;
  /** Not known to trainings on public images, which do not depend on it. */
  readonly epsilon?: number;
}

/**
 * The parameters of a method: the defaults of the scale, over them at scale `paper` what was published for the dataset, over that
 * what is given.
 *
 * @throws OptionError for unknown names and values out of range.
 * @example methodParameters(methods.get('dpdm'), { scale: 'paper', dataset: 'cifar-10', epsilon: 10 })
 */
export function methodParameters(
  method: AnyMethod,
  occasion: Occasion,
  given: Readonly<Record<string, unknown>> = {},
): ParameterValues<Parameters> {
  const published = Object.assign({}, ...publishedFor(method, occasion)) as Record<string, unknown>;
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return parameterValues(method.id, method.params as Parameters, occasion.scale, {
    ...published,
    ...Object.fromEntries(known),
  });
}

function publishedFor({ published = [] }: AnyMethod, { scale, dataset, epsilon }: Occasion): object[] {
  if (scale !== 'paper') return [];
  const budget = epsilon === undefined ? undefined : epsilon > 5 ? 10 : 1;
  return (published as readonly PublishedSettings<object>[])
    .filter((row) => row.datasets.includes(dataset) && (row.epsilon === undefined || row.epsilon === budget))
    .map(({ params }) => params);
}

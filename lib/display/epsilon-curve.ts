import type { Data } from 'plotly.js';
import { check, checkKeys } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import { epsilonByAccountant, gaussianSteps } from '../privacy/index.js';
import { PlotlyFigure } from './plotly.js';
import { chartTitle, lineAxis, lineLayout, styleAt } from './style.js';

/** A Gaussian mechanism with a list in place of one of its numbers. */
export interface EpsilonCurveOptions {
  readonly noiseMultiplier: number | readonly number[];
  /** Default 1: all of the data. */
  readonly sampleRate?: number | readonly number[];
  /** Default 1. */
  readonly steps?: number | readonly number[];
  readonly delta: number | readonly number[];
  /** Default: pld and rdp. */
  readonly accountant?: string | readonly string[];
}

const words = {
  noiseMultiplier: 'noise multiplier',
  sampleRate: 'sample rate',
  steps: 'steps',
  delta: 'delta',
} as const;
type Setting = keyof typeof words;

const asked = 'dp.epsilonCurve';

/**
 * Epsilon (the upper bound) against one of noise, sampling rate, steps or delta, a line for each accountant. Accountants
 * that cannot take the mechanism are named below the title. Throws `OptionError` when not exactly one number is a list.
 *
 * @example dp.epsilonCurve({ noiseMultiplier: [0.8, 1, 1.5, 2, 4], sampleRate: 0.01, steps: 1000, delta: 1e-5 })
 */
export function epsilonCurve(options: EpsilonCurveOptions): PlotlyFigure {
  checkKeys(asked, options, [...Object.keys(words), 'accountant']);
  const settings = { sampleRate: 1, steps: 1, ...options };
  const lists = (Object.keys(words) as Setting[]).filter((name) => Array.isArray(settings[name]));
  const [varied] = lists;
  if (varied === undefined || lists.length > 1)
    throw new OptionError({
      asked,
      wrong: 'exactly one of the numbers must be a list',
      got: lists,
      expected: `one of ${Object.keys(words).join(', ')}`,
    });
  const values = [...(settings[varied] as readonly number[])].sort((a, b) => a - b);
  if (values.length === 0)
    throw new OptionError({ asked, wrong: `${varied} is an empty list`, got: [], expected: 'at least one value' });
  const accountants = [options.accountant ?? ['pld', 'rdp']].flat();
  const answers = values.map((value) => answersAt({ ...settings, [varied]: value } as Numbers, accountants));
  return figure(varied, values, settings, accountants, answers);
}

type Numbers = Record<Setting, number>;

function answersAt({ noiseMultiplier, sampleRate, steps, delta }: Numbers, accountants: readonly string[]) {
  check('positive', asked, { noiseMultiplier });
  check('fraction', asked, { sampleRate });
  check('count', asked, { steps });
  check('probability', asked, { delta });
  return epsilonByAccountant(gaussianSteps(noiseMultiplier, sampleRate, steps), delta, accountants);
}

function figure(
  varied: Setting,
  values: readonly number[],
  settings: Record<Setting, unknown>,
  accountants: readonly string[],
  answers: readonly ReturnType<typeof answersAt>[],
): PlotlyFigure {
  const lines = accountants.flatMap((name, i): Data[] => {
    const epsilons = answers.map((row) => row[i]!).map((a) => (a.refused === undefined ? a.upper : null));
    if (epsilons.every((epsilon) => epsilon === null)) return [];
    const { color, dash, marker } = styleAt(i);
    return [
      {
        type: 'scatter',
        mode: 'lines+markers',
        name,
        x: [...values],
        y: epsilons,
        line: { color, dash, width: 2 },
        marker: { color, symbol: marker, size: 6 },
      },
    ];
  });
  const fixed = (Object.keys(words) as Setting[])
    .filter((name) => name !== varied)
    .map((name) => `${words[name]} ${Number((settings[name] as number).toPrecision(4))}`);
  const refused = accountants.filter((_, i) => answers.some((row) => row[i]!.refused !== undefined));
  const note = refused.length === 0 ? [] : [`not by ${refused.join(', ')}: it refuses a part of the mechanism`];
  const isWide = values[0]! > 0 && values.at(-1)! / values[0]! >= 20;
  return new PlotlyFigure(lines, {
    ...lineLayout,
    ...chartTitle(`Epsilon against ${words[varied]}`, [fixed.join('; '), ...note]),
    xaxis: { ...lineAxis(words[varied]), ...(isWide && { type: 'log' }) },
    yaxis: { ...lineAxis('epsilon (upper bound)'), rangemode: 'tozero' },
    showlegend: lines.length > 1,
  });
}

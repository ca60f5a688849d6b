import { check, checkKeys, checkOneOf, rangeWords } from './check.js';
import { OptionError } from './errors.js';

/** How large a run is: seconds for tests, minutes for notebooks, the reference's settings for reproduction. */
export type Scale = 'smoke' | 'laptop' | 'paper';

export const scales = ['smoke', 'laptop', 'paper'] as const satisfies readonly Scale[];

/** One parameter of a method: its checker, its default at each scale and its documentation, in one place. */
export interface Parameter<T> {
  readonly doc: string;
  readonly expected: string;
  readonly defaults: Readonly<Record<Scale, T>>;
  /** Throws `OptionError` when the value is not allowed. */
  check(asked: string, name: string, value: unknown): T;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values that a set of parameters stands for. */
export type ParameterValues<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never;
};

type Defaults<T> = T | Readonly<Record<Scale, T>>;

const spread = <T>(defaults: Defaults<T>): Readonly<Record<Scale, T>> =>
  typeof defaults === 'object' && defaults !== null && 'paper' in defaults
    ? defaults
    : { smoke: defaults, laptop: defaults, paper: defaults };

function number(range: 'count' | 'countOrZero' | 'positive' | 'notNegative' | 'fraction' | 'share' | 'decay') {
  return (defaults: Defaults<number>, doc: string): Parameter<number> => ({
    doc,
    expected: rangeWords(range),
    defaults: spread(defaults),
    check(asked, name, value) {
      check(range, asked, { [name]: value });
      return value as number;
    },
  });
}

/** A whole number of at least 1. @example count({ smoke: 20, laptop: 600, paper: 2750 }, 'training steps') */
export const count = number('count');
/** A whole number of at least 0. */
export const countOrZero = number('countOrZero');
/** A number above 0. */
export const positive = number('positive');
/** A number of at least 0. */
export const notNegative = number('notNegative');
/** A number above 0 and at most 1. */
export const fraction = number('fraction');
/** A number from 0 to 1. */
export const share = number('share');
/** A number of at least 0 and below 1: what an average keeps of itself. */
export const decay = number('decay');

/** A whole number from 1 to `most`. */
export function countUpTo(most: number, defaults: Defaults<number>, doc: string): Parameter<number> {
  const expected = `a whole number from 1 to ${most}`;
  return {
    ...{ doc, expected, defaults: spread(defaults) },
    check(asked, name, value) {
      if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
      throw new OptionError({ asked, wrong: `${name} is out of range`, got: value, expected });
    },
  };
}

/** One of some names. */
export function oneOf<const Name extends string>(
  names: readonly Name[],
  defaults: NoInfer<Defaults<Name>>,
  doc: string,
): Parameter<Name> {
  return {
    doc,
    expected: names.join(', '),
    defaults: spread<Name>(defaults),
    check: (asked, name, value) => checkOneOf(asked, name, value, names),
  };
}

/** One of some names that may grow, members of a registry: they are looked up whenever a value is checked. */
export function memberName(names: () => readonly string[], defaults: Defaults<string>, doc: string): Parameter<string> {
  return {
    doc,
    get expected() {
      return names().join(', ');
    },
    defaults: spread(defaults),
    check: (asked, name, value) => checkOneOf(asked, name, value, names()),
  };
}

/** True or false. */
export function flag(defaults: Defaults<boolean>, doc: string): Parameter<boolean> {
  return {
    doc,
    expected: 'true or false',
    defaults: spread(defaults),
    check(asked, name, value) {
      if (typeof value === 'boolean') return value;
      throw new OptionError({ asked, wrong: `${name} is not a truth value`, got: value, expected: 'true or false' });
    },
  };
}

/** The defaults of a scale with the user's values over them, all checked, unknown names refused. */
export function parameterValues<P extends Parameters>(
  asked: string,
  parameters: P,
  scale: Scale,
  given: Partial<Record<string, unknown>> = {},
): ParameterValues<P> {
  checkKeys(asked, given, Object.keys(parameters));
  const values = Object.entries(parameters).map(([name, parameter]) => {
    const value = given[name] === undefined ? parameter.defaults[scale] : given[name];
    return [name, parameter.check(asked, name, value)];
  });
  return Object.fromEntries(values) as ParameterValues<P>;
}

import { OptionError } from '../../core/errors.js';
import { didYouMean } from '../../core/nearest.js';
import type { Layer } from './layer.js';

/** The same layer with the word for what it is for in its network. */
export function inRole(role: string, layer: Layer): Layer {
  return { ...layer, role };
}

export interface ParameterChoice {
  /** Roles of layers: one of them is enough. */
  readonly roles?: readonly string[];
  /** Names of parameters, or patterns for them: one of them is enough. */
  readonly names?: readonly (string | RegExp)[];
}

/**
 * Names of the parameters that a choice takes, in the order of the layers: those in any of its roles and those with any of
 * its names; all without a choice. What is not chosen is frozen.
 *
 * @throws OptionError for a role or a name that takes nothing: a wrong word would freeze all.
 * @example
 * const trained = parameterNames(unet.layers, { roles: ['attention', 'stem'], names: [/^label/] });
 */
export function parameterNames(layers: readonly Layer[], choice: ParameterChoice = {}): string[] {
  const all = layers.flatMap(({ role, parameters }) => Object.keys(parameters).map((name) => ({ role, name })));
  if (!choice.roles && !choice.names) return all.map(({ name }) => name);
  const roles = [...new Set(all.flatMap(({ role }) => role ?? []))];
  for (const role of choice.roles ?? []) if (!roles.includes(role)) throw nothing('role', role, roles);
  const fits = (pattern: string | RegExp, name: string) =>
    typeof pattern === 'string' ? pattern === name : name.search(pattern) >= 0;
  const names = all.map(({ name }) => name);
  for (const pattern of choice.names ?? [])
    if (!names.some((name) => fits(pattern, name))) throw nothing('name', pattern, names);
  const taken = ({ role, name }: (typeof all)[number]) =>
    (role !== undefined && choice.roles?.includes(role)) || choice.names?.some((pattern) => fits(pattern, name));
  return all.filter(taken).map(({ name }) => name);
}

function nothing(what: 'role' | 'name', got: string | RegExp, known: readonly string[]): OptionError {
  return new OptionError({
    asked: 'parameterNames',
    wrong: `no parameter has this ${what}`,
    got: String(got),
    expected: known.join(', '),
    next: typeof got === 'string' ? didYouMean(got, known) : undefined,
  });
}

import { Registry } from '../core/registry.js';
import type { AnyMethod, Method } from './contract.js';
import type { Parameters } from '../core/options.js';
import { methodDefinitions, type MethodName } from './index.js';

const registry = new Registry<AnyMethod>('method', methodDefinitions);

/** The methods by name: `dp.methods`. */
export const methods = {
  names: (): string[] => registry.names(),
  get: (name: MethodName): AnyMethod => registry.get(name),
  all: (): AnyMethod[] => registry.all(),
  /** Adds a method of your own: `dp.run({ method })` then knows it. */
  define<const P extends Parameters>(method: Method<P>): Method<P> {
    registry.define(method, { replace: true });
    return method;
  },
};

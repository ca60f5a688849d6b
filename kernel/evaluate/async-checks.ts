/** Node's private counters of asynchronous contexts, as `process.binding('async_wrap')` gives them up to Node 23. */
interface AsyncWrap {
  readonly async_hook_fields: Uint32Array;
  readonly constants: { readonly kCheck: number; readonly kTotals: number };
}

/** From Node 24 on, AsyncLocalStorage is made of something else and needs no hooks. */
const usesHooks = Number(process.versions.node.split('.')[0]) < 24;

/**
 * Call at the start of each cell. An interrupt leaves entries on Node's stack of asynchronous contexts, which no
 * `finally` takes off. They are harmless, because each callback brings its own context, but Node checks the stack and
 * aborts the process. `--no-force-async-hooks-checks` turns the check off; on Node 20 and 22 AsyncLocalStorage turns it
 * on again, and only these two counters turn it off. Node 24 no longer offers them, and there the flag is enough.
 */
export function tolerateLostContexts(): void {
  if (!usesHooks) return;
  const { binding } = process as unknown as { binding: (this: void, name: string) => AsyncWrap };
  const { async_hook_fields: fields, constants } = binding('async_wrap');
  fields[constants.kCheck] = fields[constants.kTotals] = 0;
}

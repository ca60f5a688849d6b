import type { CompletionItem } from '../contract.js';

/** TypeScript's kinds in the words that IPython gave to front-ends; any other kind is shown as it is. */
const types: Record<string, string> = {
  const: 'instance',
  let: 'instance',
  var: 'instance',
  'local var': 'instance',
  alias: 'instance',
  'external module name': 'module',
  'local function': 'function',
  method: 'function',
  'local class': 'class',
  getter: 'property',
  setter: 'property',
  parameter: 'param',
  'primitive type': 'keyword',
};

const most = 2000;

/**
 * Chooses among the names that could stand at the cursor: those that start with what was typed; without any, those
 * that start with it in another case; without any, those that contain it.
 */
export function chooseCompletions(
  names: readonly string[],
  typed: string,
  kindOf: (name: string) => string | undefined,
): CompletionItem[] {
  const lower = typed.toLowerCase();
  const rules: ((name: string) => boolean)[] = [
    (name) => name.startsWith(typed),
    (name) => name.toLowerCase().startsWith(lower),
    (name) => name.toLowerCase().includes(lower),
  ];
  const unique = [...new Set(names)];
  const hits = rules.map((rule) => unique.filter(rule)).find((found) => found.length > 0) ?? [];
  return hits.slice(0, most).map((text) => {
    const kind = kindOf(text) ?? '';
    return { text, type: types[kind] ?? kind };
  });
}

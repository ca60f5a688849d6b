/** What an error message is made of: `<asked>: <wrong>; got <got>, expected <expected>. <next>`. */
export interface Problem {
  /** What was asked for: a function, an option, a file. */
  asked: string;
  /** What is wrong with it, in words. */
  wrong: string;
  /** The value that came. Objects are shown as short JSON. */
  got?: unknown;
  /** The range, the names or the shape that would have been right. */
  expected?: string;
  /** The next step: what to do now. */
  next?: string;
}

/** Every error that dpbench throws on purpose. `problem` keeps its parts apart for programs. */
export class DpbenchError extends Error {
  override name = 'DpbenchError';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(sentence(problem), options);
    this.problem = problem;
  }
}

/** A bad option, argument or name (the command line answers it with exit code 2). */
export class OptionError extends DpbenchError {
  override name = 'OptionError';
}

/** The privacy budget cannot be kept: a plan that does not fit, a ledger that differs from its plan. */
export class BudgetError extends DpbenchError {
  override name = 'BudgetError';
}

/** A data file that is absent, damaged or of another kind. */
export class DataError extends DpbenchError {
  override name = 'DataError';
}

/** The tensor engine could not be found, fetched, built or loaded. */
export class EngineError extends DpbenchError {
  override name = 'EngineError';
}

function sentence({ asked, wrong, got, expected, next }: Problem): string {
  let text = `${asked}: ${wrong}`;
  if (got !== undefined) text += `; got ${show(got)}`;
  if (expected !== undefined) text += `${got === undefined ? ';' : ','} expected ${expected}`;
  return `${text}.${next === undefined ? '' : ` ${next}`}`;
}

/** A value as an error message shows it: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'symbol') return value.toString();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return String(value);
  try {
    return shorten(JSON.stringify(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

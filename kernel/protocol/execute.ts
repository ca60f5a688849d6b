import { interruption, type ErrorReport } from '../contract.js';
import type { Request } from '../wire/channels.js';
import type { Content } from '../wire/message.js';
import { errorContent, textOf, type Handler, type Kernel } from './kernel.js';

/** `name?`: help on a name, in the pager. */
const helpLine = /^\s*([\p{ID_Start}$_][\p{ID_Continue}$.]*)\?{1,2}\s*$/u;

interface Outcome {
  readonly result?: Content;
  readonly error?: ErrorReport;
  readonly payload?: Content[];
}

/** Runs a cell: input, outputs and result or error on IOPub, then the reply. */
export const execute: Handler = async (kernel, request) => {
  const { content, header } = request.message;
  const code = textOf(content, 'code');
  const isSilent = content.silent === true;
  const isStored = !isSilent && content.store_history !== false && code.trim() !== '';
  if (isStored) kernel.history.add(++kernel.executionCount, code);
  const execution_count = kernel.executionCount;
  if (!isSilent) kernel.channels.publish('execute_input', { code, execution_count }, header);

  const outcome = await evaluate(kernel, request, code, isSilent, isStored);
  kernel.streams.flush();
  if (outcome.error) {
    if (!isSilent) kernel.channels.publish('error', { ...outcome.error }, header);
    if (!isSilent && content.stop_on_error !== false) kernel.abortQueue();
    return { ...errorContent(outcome.error), execution_count, payload: [], user_expressions: {} };
  }
  if (outcome.result && !isSilent) {
    kernel.channels.publish('execute_result', { data: outcome.result, metadata: {}, execution_count }, header);
    if (isStored) kernel.history.setOutput(String(outcome.result['text/plain']));
  }
  const user_expressions = await evaluateExpressions(kernel, request, content.user_expressions);
  return { status: 'ok', execution_count, payload: outcome.payload ?? [], user_expressions };
};

async function evaluate(
  kernel: Kernel,
  request: Request,
  code: string,
  isSilent: boolean,
  isStored: boolean,
): Promise<Outcome> {
  if (code.trim() === '') return {};
  const help = helpLine.exec(code);
  if (help) return { payload: await page(kernel, help[1]!) };
  const label = isStored ? `Cell ${kernel.executionCount}` : undefined;
  return runCode(kernel, request, code, { label, isSilent, isCommitted: true });
}

interface RunOptions {
  /** The cell's name in error messages; code without a number of its own gets one of another sequence. */
  readonly label?: string;
  readonly isSilent: boolean;
  readonly isCommitted: boolean;
}

async function runCode(
  kernel: Kernel,
  request: Request,
  code: string,
  { label, isSilent, isCommitted }: RunOptions,
): Promise<Outcome> {
  const cell = kernel.cells.add(request, isSilent);
  const name = label ?? `Expression ${cell}`;
  const { interruptCount } = kernel;
  const conversion = await kernel.converter.convert(code, name, isCommitted);
  if (kernel.interruptCount !== interruptCount) return { error: interruption };
  if ('error' in conversion) return conversion;
  return kernel.executor.run(cell, name, conversion.code, request.message.content.allow_stdin === true);
}

async function page({ converter }: Kernel, name: string): Promise<Content[]> {
  const text = (await converter.inspect(name, name.length)) ?? `Nothing is known about '${name}'.`;
  return [{ source: 'page', data: { 'text/plain': text }, start: 0 }];
}

/** Values that a front-end wants to know beside the cell. A failing one fails alone. */
async function evaluateExpressions(kernel: Kernel, request: Request, expressions: unknown): Promise<Content> {
  const values = Object.create(null) as Content;
  if (typeof expressions !== 'object' || expressions === null) return values;
  for (const [name, source] of Object.entries(expressions)) {
    const options = { isSilent: true, isCommitted: false };
    const { result, error } = await runCode(kernel, request, String(source), options);
    values[name] = error
      ? errorContent(error)
      : { status: 'ok', data: result ?? { 'text/plain': 'undefined' }, metadata: {} };
  }
  return values;
}

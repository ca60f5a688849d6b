import { textOf, type Handler } from './kernel.js';
import { toUnits } from './code-points.js';

/** Type and documentation of the name at the cursor. */
export const inspect: Handler = async ({ converter }, { message: { content } }) => {
  const code = textOf(content, 'code');
  const text = await converter.inspect(code, toUnits(code, content.cursor_pos));
  return {
    status: 'ok',
    found: text !== undefined,
    data: text === undefined ? {} : { 'text/plain': text },
    metadata: {},
  };
};

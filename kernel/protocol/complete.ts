import { textOf, type Handler } from './kernel.js';
import { toPoints, toUnits } from './code-points.js';

/** Names that could stand at the cursor. JupyterLab pairs `matches` with the types by index: always as many. */
export const complete: Handler = async ({ converter }, { message: { content } }) => {
  const code = textOf(content, 'code');
  const position = toUnits(code, content.cursor_pos);
  const { start, end, items } = await converter.complete(code, position);
  const [cursor_start, cursor_end] = [toPoints(code, start), toPoints(code, end)];
  return {
    status: 'ok',
    matches: items.map(({ text }) => text),
    cursor_start,
    cursor_end,
    metadata: {
      _jupyter_types_experimental: items.map((item) => ({
        ...item,
        start: cursor_start,
        end: cursor_end,
        signature: '',
      })),
    },
  };
};

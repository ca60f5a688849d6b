import { textOf, type Handler } from './kernel.js';

/** Whether Enter in a console runs the code or starts another line. */
export const isComplete: Handler = async ({ converter }, { message: { content } }) => ({
  ...(await converter.isComplete(textOf(content, 'code'))),
});

import type { Content } from '../wire/message.js';
import type { CellHistory, Entry } from './cell-history.js';
import { textOf, type Handler } from './kernel.js';

export const history: Handler = ({ history: past }, { message: { content } }) => ({
  status: 'ok',
  history: select(past, content).map(({ session, line, input, output }) => [
    session,
    line,
    content.output === true ? [input, output] : input,
  ]),
});

function select(past: CellHistory, content: Content): Entry[] {
  const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
  const count = number(content.n, Infinity);
  switch (content.hist_access_type) {
    case 'range':
      return past.range(number(content.session, 0), number(content.start, 0), number(content.stop, Infinity));
    case 'search':
      return past
        .search(textOf(content, 'pattern') || '*', content.unique === true)
        .slice(count === Infinity ? 0 : -count);
    default:
      return past.tail(count);
  }
}

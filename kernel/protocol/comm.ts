import type { Handler } from './kernel.js';

/** No comm targets are offered yet: nothing is ever open. */
export const commInfo: Handler = () => ({ status: 'ok', comms: {} });

/** The protocol wants a comm for an unknown target closed at once. */
export const commOpen: Handler = ({ channels }, { message: { header, content } }) => {
  if (typeof content.comm_id === 'string')
    channels.publish('comm_close', { comm_id: content.comm_id, data: {} }, header);
  return undefined;
};

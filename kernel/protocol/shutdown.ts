import type { Handler } from './kernel.js';

/** Also a restart ends this process: the client starts another one. The dispatcher closes after the reply is out. */
export const shutdown: Handler = (kernel, { message: { header, content } }) => {
  const reply = { status: 'ok', restart: content.restart === true };
  setImmediate(() => {
    kernel.channels.publish('shutdown_reply', reply, header);
    void kernel.shutdown(0);
  });
  return reply;
};

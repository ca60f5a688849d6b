/** The part of a ZeroMQ socket that sends. */
interface Sender {
  send(frames: Uint8Array[]): Promise<void>;
}

/**
 * Sends one after the other: zeromq 6 allows a single send in flight a socket and rejects the rest.
 * A peer that vanished must not end the kernel, so a failed send is dropped.
 */
export class SendQueue {
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly socket: Sender) {}

  send(frames: Uint8Array[]): void {
    this.#last = this.#last.then(() => this.socket.send(frames)).catch(() => undefined);
  }

  /** Resolves when all that was queued so far has been handed to ZeroMQ. */
  drain(): Promise<void> {
    return this.#last;
  }
}

/** Reads a socket until it is closed; one bad message never ends the loop. */
export async function readAll(
  socket: AsyncIterable<Uint8Array[]> & { readonly closed: boolean },
  onFrames: (frames: Uint8Array[]) => void,
): Promise<void> {
  while (!socket.closed) {
    try {
      for await (const frames of socket) onFrames(frames);
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

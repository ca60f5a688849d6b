/** Memory that the two threads of the executor share. */
export interface SharedState {
  /** The id of the cell that runs now; 0 when none does. */
  readonly running: Int32Array;
  /** [0]: 1 when a line is there; [1]: its length in bytes, -1 at the end of the input. */
  readonly inputState: Int32Array;
  readonly inputText: Uint8Array;
}

const longestLine = 1024 * 1024;

export function makeSharedState(): SharedState {
  return {
    running: new Int32Array(new SharedArrayBuffer(4)),
    inputState: new Int32Array(new SharedArrayBuffer(8)),
    inputText: new Uint8Array(new SharedArrayBuffer(longestLine)),
  };
}

/** On the control thread: hands a line to `takeInput`. Longer ones are cut at 1 MB. */
export function giveInput(state: SharedState, value: string | null): void {
  const bytes = Buffer.from(value ?? '').subarray(0, longestLine);
  state.inputText.set(bytes);
  state.inputState[1] = value === null ? -1 : bytes.length;
  Atomics.store(state.inputState, 0, 1);
  Atomics.notify(state.inputState, 0);
}

/** On the main thread: asks for a line and waits for it. Stays interruptible; an answer to an older question is left out. */
export function takeInput(state: SharedState, ask: () => void): string | null {
  Atomics.store(state.inputState, 0, 0);
  ask();
  Atomics.wait(state.inputState, 0, 0);
  Atomics.store(state.inputState, 0, 0);
  const length = state.inputState[1]!;
  return length < 0 ? null : Buffer.from(state.inputText.slice(0, length)).toString('utf8');
}

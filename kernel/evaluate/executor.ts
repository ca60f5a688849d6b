import type { CellCode } from '../contract.js';
import { ExecutorProcess, type Death, type Outcome, type Output } from './executor-process.js';

/** Runs cells in a process; after that process has ended by itself, in a new one. */
export class Executor {
  #process: ExecutorProcess;
  #isClosing = false;

  /**
   * @param onOutput what cells print and show, in order
   * @param onLoss called when a process ended by itself and all variables with it
   */
  constructor(
    private readonly onOutput: (output: Output) => void,
    private readonly onLoss: (death: Death) => void,
  ) {
    this.#process = this.#start();
  }

  run(cell: number, label: string, code: CellCode, allowInput: boolean): Promise<Outcome> {
    if (this.#process.hasEnded) this.#process = this.#start();
    return this.#process.run(cell, label, code, allowInput);
  }

  interrupt(): void {
    this.#process.interrupt();
  }

  /** Answers `prompt`; null is the end of the input. */
  input(value: string | null): void {
    this.#process.input(value);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#process.close();
  }

  #start(): ExecutorProcess {
    return new ExecutorProcess(this.onOutput, (death) => {
      this.onLoss(death);
      // One that never came up would not come up now either: the next cell tries again and tells.
      if (death.wasReady && !this.#isClosing) this.#process = this.#start();
    });
  }
}

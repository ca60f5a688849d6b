/** ln of a sum of exponentials, term by term. */
export class LogSum {
  #largest = -Infinity;
  #sum = 0;

  add(logTerm: number): void {
    if (logTerm === -Infinity) return;
    if (logTerm > this.#largest) {
      this.#sum *= Math.exp(this.#largest - logTerm);
      this.#largest = logTerm;
    }
    this.#sum += Math.exp(logTerm - this.#largest);
  }

  value(): number {
    return this.#largest + Math.log(this.#sum);
  }
}

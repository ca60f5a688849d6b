/** Work with its progress on stderr, which ends at its next step when the user interrupts. */
export async function withProgress<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { showProgress } = await import('./progress-lines.js');
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt);
  const stop = showProgress();
  try {
    return await work(controller.signal);
  } finally {
    stop();
    process.off('SIGINT', interrupt);
  }
}

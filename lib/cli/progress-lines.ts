import { onProgress } from '../core/progress.js';
import { progressLine } from '../display/progress.js';

/** Shows progress on stderr: one line that is rewritten on a terminal, a line every 10 s anywhere else. */
export function showProgress(): () => void {
  const terminal = process.stderr.isTTY;
  const pause = terminal ? 100 : 10_000;
  let last = 0;
  return onProgress((report) => {
    const now = performance.now();
    if (!report.done && now - last < pause) return;
    last = now;
    const line = progressLine(report);
    if (!terminal) process.stderr.write(`${line}\n`);
    else
      process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}${report.done ? '\n' : ''}`);
  });
}

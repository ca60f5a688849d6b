import { spawn } from 'node:child_process';
import { computeEnvironment } from '../tensor/malloc.js';

/** Set in the process that computes: its parent only waits for it. */
const marker = 'DPBENCH_PARENT_WAITS';

/**
 * The allocator reads its settings when a process starts, and they halve the time of large buffers: the command runs again in
 * a process that has them. True when that process has done the work.
 *
 * Neither outlives the other: a killed parent closes the channel between them, and the child ends with it; what it has spent
 * and saved by then is on disk.
 */
export async function computedInChild(): Promise<boolean> {
  if (process.env[marker] === String(process.ppid)) {
    process.once('disconnect', () => process.exit(1));
    process.channel?.unref();
    return false;
  }
  const environment = computeEnvironment(process.env);
  if (Object.keys(environment).every((name) => environment[name] === process.env[name])) return false;
  process.on('SIGINT', () => {}); // the child gets it too and answers
  const child = spawn(process.execPath, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...environment, [marker]: String(process.pid) },
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  return true;
}

/**
 * glibc maps every buffer above 32 MB anew and faults its pages in again, each time; with these set it keeps them, and
 * convolutions run 1.1 to 2.5 times as fast (`engine.md`: 140 against 355 GFLOP/s for an input gradient). glibc reads
 * them when a process starts, so a process that computes must be started with them. Other systems ignore them.
 */
export const mallocVariables = {
  MALLOC_MMAP_THRESHOLD_: '8589934592',
  MALLOC_TRIM_THRESHOLD_: '8589934592',
} as const;

/**
 * The environment for a process that computes: `env` with the malloc variables, where it does not set them itself.
 *
 * @example spawn(process.execPath, [script], { env: computeEnvironment(process.env) });
 */
export function computeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...mallocVariables, ...env };
}

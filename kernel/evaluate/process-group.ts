/**
 * Ends a process that leads its own group, with all programs that it started (those started as `detached` have groups of
 * their own and stay). Windows has no groups: there only the process itself ends.
 */
export function killGroup(leader: number): void {
  try {
    process.kill(process.platform === 'win32' ? leader : -leader, 'SIGKILL');
  } catch {
    // Nothing of it runs any more.
  }
}

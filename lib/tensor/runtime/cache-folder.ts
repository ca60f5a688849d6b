import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for what dpbench fetches and builds once for a user: `DPBENCH_CACHE`, else the folder that the operating
 * system has for caches (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`) with `dpbench` in it.
 * Everything in it can be deleted at any time: `dpbench setup` brings it back.
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env['DPBENCH_CACHE']) return env['DPBENCH_CACHE'];
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'dpbench');
  const home = env['HOME'] ?? homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'dpbench');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'dpbench', 'cache');
  return join(home, '.cache', 'dpbench');
}

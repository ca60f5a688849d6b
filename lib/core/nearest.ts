import leven from 'leven';

/**
 * The names closest to a wrong one, best first; none when nothing is near.
 * A name is near when at most half of the shorter of the two would have to change.
 *
 * @example nearest('dp-mef', ['dp-merf', 'dpgan'])   // ['dp-merf']
 */
export function nearest(wrong: string, names: readonly string[], limit = 3): string[] {
  const asked = wrong.toLowerCase();
  return names
    .map((name) => ({ name, distance: distance(asked, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.min(name.length, asked.length) / 2)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ name }) => name);
}

/** A prefix or an inner part of a name counts as one change: `mnist` is near `mnist-10k`. */
function distance(asked: string, name: string): number {
  const plain = (text: string) => text.replaceAll(/[-_ ]/g, '');
  const [a, n] = [plain(asked), plain(name)];
  if (a === n) return 0;
  if (a.length >= 3 && (n.includes(a) || (n.length >= 3 && a.includes(n)))) return 1;
  return leven(a, n);
}

/** `Did you mean 'a' or 'b'?`, or the list of all names when none is near. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const near = nearest(wrong, names);
  if (near.length === 0) return '';
  return `Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`;
}

/** The protocol counts characters (Unicode code points); JavaScript and TypeScript count UTF-16 units. */
export function toUnits(text: string, points: unknown): number {
  if (typeof points !== 'number' || !Number.isFinite(points)) return text.length;
  let units = 0;
  for (let left = Math.max(0, Math.floor(points)); left > 0 && units < text.length; left--) {
    units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  }
  return units;
}

export function toPoints(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

import { encode } from 'fast-png';

/** The logo on a grid of 16 by 16: `d` and `p` in white on blue, with specks of noise. */
const grid = [
  '................',
  '..........*.....',
  '.....#.......*..',
  '.....#..........',
  '.....#..####....',
  '..####..#..#..*.',
  '..#..#..#..#....',
  '..#..#..#..#....',
  '..#..#..####....',
  '..####..#.......',
  '........#...*...',
  '...*....#.......',
  '........#.......',
  '.*........*.....',
  '......*.......*.',
  '................',
];

const colors: Record<string, readonly [number, number, number]> = {
  '.': [0x2f, 0x7f, 0xc1],
  '#': [0xff, 0xff, 0xff],
  '*': [0x8f, 0xc6, 0xee],
};

/** The kernel's logo as a PNG file; `size` is a multiple of 16 pixels. */
export function logoPng(size: number): Uint8Array {
  const data = new Uint8Array(size * size * 3);
  const scale = size / grid.length;
  for (let i = 0; i < size * size; i++) {
    const cell = grid[Math.floor(i / size / scale)]![Math.floor((i % size) / scale)]!;
    data.set(colors[cell]!, i * 3);
  }
  return encode({ width: size, height: size, channels: 3, depth: 8, data });
}

/** The same picture as SVG text. */
export function logoSvg(): string {
  const squares = grid.flatMap((row, y) =>
    [...row].flatMap((cell, x) => (cell === '.' ? [] : [`<path d="M${x} ${y}h1v1h-1z" fill="${hex(cell)}"/>`])),
  );
  const background = `<path d="M0 0h16v16h-16z" fill="${hex('.')}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${background}${squares.join('')}</svg>\n`;
}

const hex = (cell: string): string => `#${Buffer.from(colors[cell]!).toString('hex')}`;

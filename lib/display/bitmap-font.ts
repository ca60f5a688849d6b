/**
 * A 5 by 8 pixel font for printable ASCII (32 to 126), for labels inside PNG pictures. Five bytes a letter, one a column
 * from left to right; bit 0 is the top pixel, bit 7 the tail of a `g`.
 */
const glyphs = [
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000', //  !"#$%&'
  '001c224100 0041221c00 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402', // ()*+,-./
  '3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503', // 01234567
  '3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906', // 89:;<=>?
  '324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a', // @ABCDEFG
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e', // HIJKLMNO
  '7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f', // PQRSTUVW
  '6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040', // XYZ[\]^_
  '0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 18a4a4a47c', // `abcdefg
  '7f08040478 00447d4000 4080847d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438', // hijklmno
  'fc24242418 18242424fc 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c', // pqrstuvw
  '4428102844 1ca0a0a07c 4464544c44 0008364100 00007f0000 0041360800 1008081008', // xyz{|}~
].flatMap((row) => row.split(' ').map((glyph) => Buffer.from(glyph, 'hex')));

const letterWidth = 6;

/** Height of a line of text at size 1, in pixels. */
export const letterHeight = 8;

/** Width of a text at size 1, in pixels. */
export function labelWidth(label: string): number {
  return ascii(label).length * letterWidth - (label.length > 0 ? 1 : 0);
}

/** Calls `plot(x, y)` for each dark pixel of the text at size 1; its upper left corner is (0, 0). */
export function plotLabel(label: string, plot: (x: number, y: number) => void): void {
  [...ascii(label)].forEach((letter, place) => {
    const columns = glyphs[letter.charCodeAt(0) - 32]!;
    columns.forEach((bits, column) => {
      for (let row = 0; row < letterHeight; row++) if ((bits >> row) & 1) plot(place * letterWidth + column, row);
    });
  });
}

/** Letters lose their accents; what the font does not have becomes a question mark. */
function ascii(label: string): string {
  return label
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^ -~]/gu, '?');
}

import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { npz } from '../../../lib/bench/npz.js';

describe('npz', () => {
  it('holds arrays in the layout of numpy.lib.format 1.0', () => {
    const files = unzipSync(
      npz({ x: { data: Float32Array.of(1, 2), shape: [2] }, y: { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] } }),
    );
    const x = files['x.npy']!;
    // np.lib.format: magic, version 1.0, header length; header and data start at multiples of 64 bytes
    expect([...x.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    const length = x[8]! + 256 * x[9]!;
    expect((10 + length) % 64).toBe(0);
    expect(new TextDecoder().decode(x.subarray(10, 10 + length)).trim()).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    );
    expect([...new Float32Array(x.slice(10 + length).buffer)]).toEqual([1, 2]);
    const y = files['y.npy']!;
    expect(new TextDecoder().decode(y)).toContain("'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), ");
    expect([...y.subarray(-4)]).toEqual([1, 2, 3, 4]);
  });
});

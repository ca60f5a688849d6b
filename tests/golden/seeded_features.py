"""Feature rows that tests/lib/metrics/seeded-features.ts makes too, to the last bit: sums of four hashes of a counter."""
import numpy as np


def hashed(counter):
    """lowbias32 of Chris Wellons: 32 bits of each counter."""
    x = counter.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def seeded_features(seed, rows, size, shift=0.0):
    counter = np.arange(rows * size * 4, dtype=np.uint64) + np.uint64(seed * 0x10000000)
    parts = (hashed((counter & np.uint64(0xFFFFFFFF)).astype(np.uint32)) >> np.uint32(10)).astype(np.float64)
    bell = (parts.reshape(-1, 4).sum(1) / 2**22 - 2).reshape(rows, size)
    spread = 1 + np.arange(size) % 7
    return (bell / spread + 0.5 * np.roll(bell, -1, axis=1) + shift).astype(np.float32)

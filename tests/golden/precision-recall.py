"""Improved precision and recall by brute force in float64: python3 tests/golden/precision-recall.py > tests/golden/precision-recall.json (NumPy 2.4.6)."""
import json
import numpy as np
from seeded_features import seeded_features


def squared_distances(a, b):
    return np.stack([((row - b) ** 2).sum(1) for row in a])


def score(real, made, neighbours=4):
    real, made = real.astype(np.float64), made.astype(np.float64)
    radii = [np.sort(squared_distances(rows, rows), axis=1)[:, neighbours - 1] for rows in (real, made)]
    between = squared_distances(made, real)
    return {
        'realRadii': float(radii[0].sum()),
        'madeRadii': float(radii[1].sum()),
        'precision': int((between < radii[0]).any(1).sum()),
        'recall': int((between.T < radii[1]).any(1).sum()),
    }


def copies(rows, others):
    """Every second row is one of another set: at distance 0, and at equal distances from its neighbours."""
    rows = rows.copy()
    rows[::2] = others[: len(rows) : 2]
    return rows


def apart(rows):
    """Two clusters so far apart that float32 products say nothing about distances within one."""
    side = np.where(np.arange(len(rows)) % 2 == 0, 1000.0, -1000.0)
    return (rows.astype(np.float64) + side[:, None]).astype(np.float32)


# Whole numbers: many duplicates, and many pairs at equal distance.
grid = lambda seed, rows, size: np.floor(2 * seeded_features(seed, rows, size))
real, made = seeded_features(11, 2000, 8), seeded_features(12, 2000, 8, 0.3)
print(json.dumps({
    'points': score(real, made),
    'points at offset 4096': score(seeded_features(11, 2000, 8, 4096), seeded_features(12, 2000, 8, 4096.3)),
    'copies': score(real, copies(made, real)),
    'grid': score(grid(13, 2000, 4), grid(14, 1500, 4)),
    'far clusters': score(apart(seeded_features(17, 800, 4)), apart(seeded_features(18, 700, 4, 0.1))),
    'wide': score(seeded_features(15, 700, 300), seeded_features(16, 600, 300, 0.1)),
}, indent=2))

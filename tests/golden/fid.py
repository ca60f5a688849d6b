"""Fréchet distances of seeded features: python3 tests/golden/fid.py > tests/golden/fid.json (SciPy 1.17.1, NumPy 2.4.6)."""
import json
import numpy as np
import scipy.linalg
from seeded_features import seeded_features


def statistics(features):
    return features.astype(np.float64).mean(0), np.cov(features.astype(np.float64), rowvar=False)


def by_sqrtm(a, b):
    (m1, s1), (m2, s2) = statistics(a), statistics(b)
    root = scipy.linalg.sqrtm(s1 @ s2)
    return float(((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.trace(root).real)


def by_eigh(a, b):
    (m1, s1), (m2, s2) = statistics(a), statistics(b)
    w, v = np.linalg.eigh(s1)
    h = (v * np.sqrt(w.clip(0))) @ v.T
    e = np.linalg.eigvalsh(h @ s2 @ h)
    return float(((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.sqrt(e.clip(0)).sum())


def dead(features):
    features = features.copy()
    features[:, ::5] = 0
    return features


cases = {
    'sqrtm64': by_sqrtm(seeded_features(1, 1000, 64), seeded_features(2, 900, 64, 0.1)),
    'sqrtm64AtOffset1000': by_sqrtm(seeded_features(1, 1000, 64, 1000), seeded_features(2, 900, 64, 1000.125)),
    'sqrtm2048': by_sqrtm(seeded_features(3, 2500, 2048), seeded_features(4, 2400, 2048, 0.1)),
    'fewRows64': by_eigh(seeded_features(5, 40, 64), seeded_features(6, 500, 64, 0.1)),
    'bothFewRows64': by_eigh(seeded_features(5, 40, 64), seeded_features(6, 30, 64, 0.1)),
    'deadInBoth64': by_eigh(dead(seeded_features(7, 400, 64)), dead(seeded_features(8, 500, 64, 0.1))),
    'deadInOne64': by_eigh(dead(seeded_features(7, 400, 64)), seeded_features(8, 500, 64, 0.1)),
}
print(json.dumps(cases, indent=2))

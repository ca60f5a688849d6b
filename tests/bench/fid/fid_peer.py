"""Seconds of the Fréchet distance between two feature files of float32, by SciPy's matrix root and by NumPy's eigenvalues."""
import json
import sys
import time
import numpy as np
import scipy.linalg

rows, size = int(sys.argv[3]), int(sys.argv[4])
a, b = (np.fromfile(path, np.float32).reshape(rows, size).astype(np.float64) for path in sys.argv[1:3])


def statistics(features):
    return features.mean(0), np.cov(features, rowvar=False)


def sqrtm(s1, s2):
    return np.trace(scipy.linalg.sqrtm(s1 @ s2)).real


def eigh(s1, s2):
    values, vectors = np.linalg.eigh(s1)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    return np.sqrt(np.linalg.eigvalsh(root @ s2 @ root).clip(0)).sum()


for trace in (sqrtm, eigh):
    seconds = []
    for _ in range(int(sys.argv[5])):
        start = time.perf_counter()
        (m1, s1), (m2, s2) = statistics(a), statistics(b)
        fid = ((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * trace(s1, s2)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({'route': trace.__name__, 'seconds': min(seconds), 'fid': float(fid)}), flush=True)

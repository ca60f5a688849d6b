"""
KID of seeded features by torch-fidelity 0.4.0: python3 tests/golden/kid.py > tests/golden/kid.json
`kernel_mmd` on equal numbers of rows; and the same estimate for other numbers, by NumPy, with the rows left out one by one.
"""
import json
import numpy as np
from torch_fidelity.metric_kid import kernel_mmd, kernel_poly
from seeded_features import seeded_features


def unequal(x, y):
    kxx, kyy, kxy = (kernel_poly(a, b) for a, b in ((x, x), (y, y), (x, y)))
    m, n = len(x), len(y)
    return (kxx.sum() - np.trace(kxx)) / (m * (m - 1)) + (kyy.sum() - np.trace(kyy)) / (n * (n - 1)) - 2 * kxy.mean()


double = lambda *arguments: seeded_features(*arguments).astype(np.float64)
x, y = double(21, 60, 8), double(22, 200, 8, 0.2)
without = np.array([unequal(np.delete(x, i, axis=0), y) for i in range(60)])
print(json.dumps({
    'equal8': float(kernel_mmd(double(21, 300, 8), double(22, 300, 8, 0.2))),
    'equal2048': float(kernel_mmd(double(23, 100, 2048, 0.5), double(24, 100, 2048, 0.75))),
    'near': float(kernel_mmd(double(25, 300, 64), double(26, 300, 64))),
    'unequal8': float(unequal(x, y)),
    'jackknifeError8': float(np.sqrt(59 / 60 * ((without - without.mean()) ** 2).sum())),
}, indent=2))

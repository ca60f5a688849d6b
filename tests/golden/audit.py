"""Numbers for tests/lib/privacy/audit.test.ts: `python3 tests/golden/audit.py > tests/golden/audit.json` with scipy 1.17.1.

The p-value of the one-run audit is computed from scipy's binomial distribution as theorem 5.2 of Steinke, Nasr, Jagielski 2023
(arXiv 2305.08846) states it, independently of the TypeScript.
"""

import json
import math

import scipy
from scipy.stats import binom, binomtest, norm


def p_value(m, r, v, epsilon, delta):
    q = 1 / (1 + math.exp(-epsilon))
    alpha = max((binom.cdf(v - 1, r, q) - binom.cdf(v - i - 1, r, q)) / i for i in range(1, v + 1)) if v > 0 else 0
    return float(min(1, binom.sf(v - 1, r, q) + 2 * m * delta * alpha))


intervals = []
for n in (1, 5, 10, 100, 1000, 20000):
    for k in sorted({0, 1, n // 10, n // 2, n - 1, n}):
        for confidence in (0.9, 0.95, 0.999):
            interval = binomtest(k, n).proportion_ci(confidence, "exact")
            intervals.append([k, n, (1 - confidence) / 2, float(interval.low), float(interval.high)])

tails = [
    [k, n, p, float(binom.sf(k - 1, n, p)), float(binom.pmf(k, n, p))]
    for n in (1, 10, 500, 5000)
    for p in (0.01, 0.5, 0.9)
    for k in sorted({0, 1, n // 3, (9 * n) // 10, n})
]

one_run = [
    [m, r, v, epsilon, delta, p_value(m, r, v, epsilon, delta)]
    for m, r, vs in ((1000, 1000, (500, 560, 700, 990, 1000)), (1000, 100, (50, 80, 100)), (10, 4, (0, 4)))
    for v in vs
    for epsilon in (0, 0.5, 2, 6)
    for delta in (0, 1e-5, 1e-3)
]

quantiles = [[p, float(norm.ppf(p))] for p in (1e-12, 1e-3, 0.025, 0.4, 0.5, 0.8, 0.999)]

print(json.dumps({"scipy": scipy.__version__, "intervals": intervals, "tails": tails, "oneRun": one_run, "quantiles": quantiles}))

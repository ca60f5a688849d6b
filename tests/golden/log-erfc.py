"""Golden numbers for tests/lib/privacy/log-erfc.test.ts: python log-erfc.py > log-erfc.json (mpmath 1.4.1, 60 digits)."""
import json
import mpmath as mp

mp.mp.dps = 60
places = [-30, -8, -5.5, -3, -1.6, -1.5, -1.4, -0.5, -0.01, -1e-9, 0, 1e-9, 0.01, 0.3, 0.9, 1.4, 1.49, 1.5, 1.51, 2, 2.7, 4, 6, 9, 15, 26, 27, 40, 200, 1e4, 1e9]
# For x far to the left erfc is 2 - erfc(-x): the mpmath value at 400 digits keeps the difference.
mp.mp.dps = 500
print(json.dumps({'producer': 'mpmath 1.4.1, mp.log(mp.erfc(x)), by tests/golden/log-erfc.py',
                  'values': [[x, float(mp.log(mp.erfc(x)))] for x in places]}))

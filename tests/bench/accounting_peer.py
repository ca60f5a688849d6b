"""Times dp-accounting: reads a JSON list of [rate, noise, steps, delta], prints one JSON line a setting.

pld: PLDAccountant() with its default grid; rdp: RdpAccountant() with its default orders; milliseconds of compose and
get_epsilon together, the better of two runs.
"""
import json, sys, time, warnings
import dp_accounting as da
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

warnings.filterwarnings('ignore')


def timed(kind, event, steps, delta):
    start = time.perf_counter()
    accountant = kind()
    accountant.compose(event, steps)
    epsilon = float(accountant.get_epsilon(delta))
    return (time.perf_counter() - start) * 1e3, epsilon


for rate, noise, steps, delta in json.load(sys.stdin):
    event = da.PoissonSampledDpEvent(rate, da.GaussianDpEvent(noise)) if rate < 1 else da.GaussianDpEvent(noise)
    line = {}
    for name, kind in (('pld', PLDAccountant), ('rdp', RdpAccountant)):
        line[name], line[name + 'Epsilon'] = min(timed(kind, event, steps, delta) for _ in range(2))
    print(json.dumps(line), flush=True)

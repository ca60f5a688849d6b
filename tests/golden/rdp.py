"""Golden numbers for tests/lib/privacy/rdp.test.ts: python rdp.py > rdp.json (dp-accounting 0.6.0, mpmath 1.4.1).

`divergences`: dp_accounting's RDP of one Poisson-subsampled Gaussian at whole orders, and the defining integral by
mpmath quadrature at fractional orders, where dp-accounting drops the signs of its series and so only gives a bound.
`others`: [kind, numbers, steps, delta, epsilon] of other releases at orders 1.5, 2, 2.5, 3, 4, ..., 64:
  fixed-size: RdpAccountant(orders, REPLACE_ONE).compose(SampledWithoutReplacementDpEvent(population, sample,
    GaussianDpEvent(z)), steps).get_epsilon(delta);
  laplace: LaplaceDpEvent(b); pure: RandomizedResponseDpEvent(2 / (1 + exp(epsilon)), 2) under REPLACE_ONE, which is the
    worst mechanism of that pure epsilon.
`epsilons`: RdpAccountant(orders=2..256).compose(PoissonSampledDpEvent(q, GaussianDpEvent(z)), steps).get_epsilon(delta).
"""
import json, math, random
import dp_accounting as da
import mpmath as mp
from dp_accounting.rdp import RdpAccountant
from dp_accounting.rdp.rdp_privacy_accountant import _compute_rdp_poisson_subsampled_gaussian as whole_orders

mp.mp.dps = 30
rng = random.Random(20240607)


def by_quadrature(q, z, order):
    q, z, order = mp.mpf(q), mp.mpf(z), mp.mpf(order)
    ratio = lambda x: 1 - q + q * mp.exp((2 * x - 1) / (2 * z * z))
    density = lambda x: mp.exp(-x * x / (2 * z * z)) / (z * mp.sqrt(2 * mp.pi))
    points = [k * z for k in range(-14, 15, 2)] + [order + k * z for k in range(-14, 15, 2)]
    points += [(14 * z + order - 14 * z) * mp.mpf(k) / 16 for k in range(17)]
    integral = mp.quad(lambda x: density(x) * (ratio(x) ** order - 1 - order * (ratio(x) - 1)), sorted(set(points)))
    return float(mp.log1p(integral) / (order - 1))


def setting():
    return 10 ** rng.uniform(-3, -0.01), 10 ** rng.uniform(-0.3, 1.3)


divergences = []
for _ in range(150):
    q, z = setting()
    order = rng.randint(2, 256)
    divergences.append([q, z, order, float(whole_orders(q, z, [order])[0])])
for _ in range(50):
    q, z = setting()
    order = round(rng.uniform(1.02, 10.9), 2)
    if order != int(order):
        divergences.append([q, z, order, by_quadrature(q, z, order)])

epsilons = []
for _ in range(200):
    q, z = setting()
    steps, delta = int(10 ** rng.uniform(0, 4)), 10 ** rng.uniform(-8, -4)
    accountant = RdpAccountant(orders=list(range(2, 257)))
    accountant.compose(da.PoissonSampledDpEvent(q, da.GaussianDpEvent(z)), steps)
    epsilons.append([q, z, steps, delta, float(accountant.get_epsilon(delta))])

orders = [1.5, 2, 2.5] + list(range(3, 65))
replace = da.NeighboringRelation.REPLACE_ONE


def other(kind, numbers, event, relation):
    steps, delta = int(10 ** rng.uniform(0, 3.5)), 10 ** rng.uniform(-8, -4)
    accountant = RdpAccountant(orders, relation)
    accountant.compose(event, steps)
    epsilon = float(accountant.get_epsilon(delta))
    return [kind, numbers, steps, delta, epsilon]


others = []
for _ in range(100):
    population = int(10 ** rng.uniform(2, 6))
    sample, z = max(1, int(population * 10 ** rng.uniform(-3, -0.1))), 10 ** rng.uniform(-0.3, 0.7)
    event = da.SampledWithoutReplacementDpEvent(population, sample, da.GaussianDpEvent(z))
    others.append(other('fixed-size', [sample, population, z], event, replace))
for _ in range(50):
    b = 10 ** rng.uniform(-0.5, 2)
    others.append(other('laplace', [b], da.LaplaceDpEvent(b), da.NeighboringRelation.ADD_OR_REMOVE_ONE))
for _ in range(50):
    e = 10 ** rng.uniform(-2, 0.7)
    others.append(other('pure', [e], da.RandomizedResponseDpEvent(2 / (1 + math.exp(e)), 2), replace))

print(json.dumps({'producer': 'dp-accounting 0.6.0 and mpmath 1.4.1 by tests/golden/rdp.py', 'divergences': divergences, 'epsilons': epsilons, 'others': others}))

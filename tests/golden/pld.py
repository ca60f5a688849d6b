"""Golden numbers for tests/lib/privacy/pld.test.ts: python pld.py > pld.json (dp-accounting 0.6.0, prv_accountant 0.2.0).

200 random settings of a Poisson-subsampled Gaussian: sample rate q, noise multiplier z, steps T, delta.
`pld`: PLDAccountant(value_discretization_interval=h).compose(PoissonSampledDpEvent(q, GaussianDpEvent(z)), T)
  .get_epsilon(delta), where h shrinks with the steps; it rounds to the leaky side, so it lies just above the true value.
`prv`: PRVAccountant(prvs=[PoissonSubsampledGaussianMechanism(noise_multiplier=z, sampling_probability=q)],
  max_self_compositions=[T], eps_error=0.01, delta_error=delta/1000).compute_epsilon(delta=delta,
  num_self_compositions=[T]): [lower, estimate, upper], for a record removed only; null where it asks for more than
  2e7 points or gives up.
`others`: other events by the same PLDAccountant: [description, delta, epsilon].
"""
import json, math, random, sys, warnings
import dp_accounting as da
import numpy as np
from dp_accounting.pld import PLDAccountant
from prv_accountant import PRVAccountant, PoissonSubsampledGaussianMechanism

warnings.filterwarnings('ignore')
rng = random.Random(7)
sampled = lambda q, z: da.PoissonSampledDpEvent(q, da.GaussianDpEvent(z)) if q < 1 else da.GaussianDpEvent(z)


def by_pld(parts, delta, h):
    accountant = PLDAccountant(value_discretization_interval=h)
    for event, count in parts:
        accountant.compose(event, count)
    return float(accountant.get_epsilon(delta))


def by_prv(q, z, steps, delta):
    try:
        accountant = PRVAccountant(prvs=[PoissonSubsampledGaussianMechanism(noise_multiplier=z, sampling_probability=q)],
                                   max_self_compositions=[steps], eps_error=0.01, delta_error=delta / 1000)
        return [float(x) for x in accountant.compute_epsilon(delta=delta, num_self_compositions=[steps])]
    except Exception as error:
        print(q, z, steps, delta, error, file=sys.stderr)
        return None


settings = []
while len(settings) < 200:
    q, z = 10 ** rng.uniform(-4, -0.02), 10 ** rng.uniform(-0.3, 1.3)
    steps, delta = int(10 ** rng.uniform(0, 4)), 10 ** rng.uniform(-9, -4)
    # A rough guess keeps what is neither trivial nor hopeless.
    deviation = q * math.sqrt(steps * math.expm1(min(1 / z**2, 50)))
    if not 0.005 < deviation < 12:
        continue
    h = min(1e-4, max(2e-6, 0.002 * deviation / math.sqrt(steps)))
    case = [q, z, steps, delta, by_pld([(sampled(q, z), steps)], delta, h)]
    if not 0.01 < case[-1] < 100:
        continue
    case.append(by_prv(q, z, steps, delta) if math.sqrt(steps * math.log(12e3 / delta) / 2) / 0.01 * (case[4] + 10) < 1e7 else None)
    settings.append(case)
    print(len(settings), case, file=sys.stderr, flush=True)

laplace, gauss = da.LaplaceDpEvent, da.GaussianDpEvent
others = [
    ['laplace 1 x 1', 1e-5, by_pld([(laplace(1), 1)], 1e-5, 1e-4)],
    ['laplace 10 x 50', 1e-6, by_pld([(laplace(10), 50)], 1e-6, 1e-4)],
    ['laplace 2 x 10', 1e-8, by_pld([(laplace(2), 10)], 1e-8, 1e-4)],
    ['laplace 5 x 20 + gaussian 3 x 4', 1e-6, by_pld([(laplace(5), 20), (gauss(3), 4)], 1e-6, 1e-4)],
    ['poisson 0.02 1.5 x 300 + poisson 0.1 4 x 100', 1e-7,
     by_pld([(sampled(0.02, 1.5), 300), (sampled(0.1, 4), 100)], 1e-7, 2e-5)],
    ['poisson 0.0714 2 x 2100 + gaussian 7.4 x 1 + poisson 0.109 5 x 5', 1.6657508770018431e-06,
     by_pld([(sampled(0.0714, 2), 2100), (gauss(7.4), 1), (sampled(0.109, 5), 5)], 1.6657508770018431e-06, 2e-5)],
    ['poisson 0.01 1 x 500 + laplace 20 x 30', 1e-6,
     by_pld([(sampled(0.01, 1), 500), (laplace(20), 30)], 1e-6, 2e-5)],
]
print(json.dumps({'producer': 'dp-accounting 0.6.0 and prv_accountant 0.2.0 by tests/golden/pld.py', 'settings': settings,
                  'others': others}))

"""
FLD by its authors' library (github.com/marcojira/fld, commit ffbbf20), on seeded features, mean of 6 seeds of its shuffles:
PYTHONPATH=fld python3 tests/golden/fld.py > tests/golden/fld.json (torch 2.13)
"""
import json
import numpy as np
import torch

torch.set_num_threads(1)
from fld.metrics.FLD import FLD
from fld.MoG import MoG, preprocess_feat
from seeded_features import seeded_features


def case(train, test, made):
    train, test, made = (torch.tensor(rows) for rows in (train, test, made))
    values = {flavour: [] for flavour in ('train', 'test', 'gap')}
    for seed in range(6):
        for flavour in values:
            np.random.seed(seed)
            values[flavour].append(FLD(eval_feat=flavour).compute_metric(train, test, made))
    real, unseen, centres = preprocess_feat(train, test, made)
    mixture = MoG(centres)
    log_variances, losses = mixture.fit(real)
    return {
        **{flavour: torch.tensor(list_).mean().item() for flavour, list_ in values.items()},
        'deviation': torch.tensor(values['train']).std().item(),
        'passes': len(losses),
        'lastLoss': losses[-1],
        'nllTrain': mixture.get_dim_adjusted_nlls(real).mean().item(),
        'nllTest': mixture.get_dim_adjusted_nlls(unseen).mean().item(),
        'meanLogVariance': log_variances.mean().item(),
        'background': mixture.origin_log_sigma.item(),
    }


print(json.dumps({
    'shifted': case(seeded_features(31, 900, 8), seeded_features(32, 500, 8), seeded_features(33, 400, 8, 0.5)),
    'same': case(seeded_features(31, 900, 8), seeded_features(32, 500, 8), seeded_features(34, 400, 8)),
    'wide': case(seeded_features(35, 400, 200), seeded_features(36, 300, 200), seeded_features(37, 300, 200, 0.2)),
}, indent=2))

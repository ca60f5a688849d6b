"""The two filters of central images by SciPy, for lib/methods/central-images/filter.ts: central-filter.json.

python central-filter.py   (pip install numpy scipy)
"""
import json
import os

import numpy as np
from scipy import ndimage

random = np.random.default_rng(3)
grey = random.integers(0, 256, (7, 6)).astype(np.uint8)
colour = random.integers(0, 256, (5, 6, 3)).astype(np.uint8)
kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])


def filtered(image):
    # mode nearest repeats the border; mode mirror reflects about the middle of the border pixels.
    if image.ndim == 3:
        return np.stack([ndimage.median_filter(image[..., c], 3, mode='nearest') for c in range(3)], 2)
    smooth = ndimage.median_filter(image, 3, mode='nearest').astype(int)
    return np.clip(ndimage.correlate(smooth, kernel, mode='mirror'), 0, 255).astype(np.uint8)


shape = lambda a: {'height': a.shape[0], 'width': a.shape[1], 'channels': 1 if a.ndim == 2 else 3}
result = [{**shape(a), 'image': a.flatten().tolist(), 'filtered': filtered(a).flatten().tolist()} for a in (grey, colour)]
with open(os.path.splitext(__file__)[0] + '.json', 'w') as file:
    json.dump(result, file)
    file.write('\n')

"""Pillow's own operations on small images, for lib/data/rand-augment: rand-augment.json, by Pillow 13.0.0 and NumPy.

python rand-augment.py   (pip install pillow numpy)

The strengths are RandAugment's of torchvision (31 bins); shears are Image.transform about the upper left corner.
"""
import json
import os

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

random = np.random.default_rng(8)
H, W = 12, 11
y, x = np.mgrid[0:H, 0:W]
grey = np.clip(20 + 14 * x + random.integers(0, 40, (H, W)), 0, 255).astype(np.uint8)
colour = np.stack([grey, np.clip(200 - 12 * y, 0, 255), random.integers(0, 256, (H, W))], 2).astype(np.uint8)
# Few values each often, so that equalize has a step above 0.
large = (np.add.outer(np.arange(28), np.arange(28)) // 9 * 25 + random.integers(0, 2, (28, 28)) * 7).astype(np.uint8)


def run(image, name, magnitude):
    s = magnitude / 30
    a = abs(s)
    w, h = image.size
    affine = lambda *m: image.transform(image.size, Image.Transform.AFFINE, m, Image.Resampling.NEAREST)
    enhance = lambda kind: kind(image).enhance(1 + 0.9 * s)
    return {
        'identity': lambda: image,
        'shearX': lambda: affine(1, 0.3 * s, 0, 0, 1, 0),
        'shearY': lambda: affine(1, 0, 0, 0.3 * s, 1, 0),
        'translateX': lambda: affine(1, 0, -int(150 / 331 * w * s), 0, 1, 0),
        'translateY': lambda: affine(1, 0, 0, 0, 1, -int(150 / 331 * h * s)),
        'rotate': lambda: image.rotate(30 * s, Image.Resampling.NEAREST),
        'brightness': lambda: enhance(ImageEnhance.Brightness),
        'colour': lambda: enhance(ImageEnhance.Color),
        'contrast': lambda: enhance(ImageEnhance.Contrast),
        'sharpness': lambda: enhance(ImageEnhance.Sharpness),
        'posterize': lambda: ImageOps.posterize(image, 8 - round(4 * a)),
        'solarize': lambda: ImageOps.solarize(image, 255 * (1 - a)),
        'autoContrast': lambda: ImageOps.autocontrast(image),
        'equalize': lambda: ImageOps.equalize(image),
    }[name]()


signed = ['shearX', 'shearY', 'translateX', 'translateY', 'rotate', 'brightness', 'colour', 'contrast', 'sharpness']
images = {'grey': grey, 'colour': colour, 'large': large}
cases = []
for which, array in images.items():
    image = Image.fromarray(array)
    for name in signed + ['identity', 'posterize', 'solarize', 'autoContrast', 'equalize']:
        magnitudes = [-9, 4, 30] if name in signed else [3, 9, 30]
        if which == 'large':
            magnitudes = [9] if name in ('equalize', 'autoContrast', 'rotate') else []
        if name in ('identity', 'autoContrast', 'equalize'):
            magnitudes = magnitudes[:1]
        for magnitude in magnitudes:
            out = np.asarray(run(image, name, magnitude))
            cases.append({'image': which, 'name': name, 'magnitude': magnitude, 'out': out.tobytes().hex()})
shape = lambda a: {'height': a.shape[0], 'width': a.shape[1], 'channels': 1 if a.ndim == 2 else 3}
result = {
    'images': {name: {**shape(array), 'data': array.tobytes().hex()} for name, array in images.items()},
    'cases': cases,
}
with open(os.path.splitext(__file__)[0] + '.json', 'w') as file:
    json.dump(result, file, indent=1)
    file.write('\n')

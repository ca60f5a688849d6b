"""Golden clipped sums of the bench's net (tests/bench/dp-sgd/net.ts), in double precision by torch.func.

    pip install torch==2.13.0
    python dp-sgd-net.py > dp-sgd-net.json

For each parameter of the sum over examples of min(1, clip / |g|) g: its Euclidean norm and every n-th of its values, in
the layout of dpbench (kernels [height, width, in, out]). Parameters and images are wave(length, phase), which the test
computes too.
"""
import json
import numpy as np, torch, torch.nn.functional as F
from torch.func import grad, vmap

torch.set_default_dtype(torch.float64)
BATCH, WIDTH, BLOCKS, SIDE, CLIP, SHOWN = 5, 64, 6, 28, 100, 12


def wave(shape, phase):
    """Values in [-1, 1] without a pattern: sin(0.37 i^2 + phase), rounded to float32 as the test's are."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return torch.tensor(np.sin(0.37 * i * i + phase).astype(np.float32).astype(np.float64)).reshape(shape)


shapes = {'first.kernel': (3, 3, 1, WIDTH), 'first.bias': (WIDTH,)}
for k in range(BLOCKS):
    shapes |= {f'blocks.{k}.norm.scale': (WIDTH,), f'blocks.{k}.norm.shift': (WIDTH,)}
    shapes |= {f'blocks.{k}.conv.kernel': (3, 3, WIDTH, WIDTH), f'blocks.{k}.conv.bias': (WIDTH,)}
shapes |= {'last.kernel': (3, 3, WIDTH, 1), 'last.bias': (1,)}


def initial(name, shape, phase):
    if name.endswith('scale'):
        return 1 + 0.25 * wave(shape, phase)
    return (0.0625 if name.endswith('kernel') else 0.25) * wave(shape, phase)


params = {name: initial(name, shape, phase) for phase, (name, shape) in enumerate(shapes.items())}
sizes = 0.25 * torch.arange(1, BATCH + 1).reshape(BATCH, 1, 1, 1)  # some gradients are clipped, some are not
x, y = sizes * wave((BATCH, SIDE, SIDE, 1), 100), sizes * wave((BATCH, SIDE, SIDE, 1), 101)


def loss(p, image, target):
    conv = lambda h, name: F.conv2d(h, p[f'{name}.kernel'].permute(3, 2, 0, 1), p[f'{name}.bias'], padding=1)
    h = conv(image.permute(2, 0, 1)[None], 'first')
    for k in range(BLOCKS):
        normal = F.group_norm(h, 16, p[f'blocks.{k}.norm.scale'], p[f'blocks.{k}.norm.shift'], 1e-5)
        h = h + conv(F.silu(normal), f'blocks.{k}.conv')
    return ((conv(h, 'last') - target.permute(2, 0, 1)[None]) ** 2).mean()


gradients = vmap(grad(loss), in_dims=(None, 0, 0))(params, x, y)
norms = torch.sqrt(sum((g.reshape(BATCH, -1) ** 2).sum(1) for g in gradients.values()))
scale = (CLIP / norms).clamp(max=1)
sums = {name: torch.einsum('b,b...->...', scale, g) for name, g in gradients.items()}
print(json.dumps({
    'batch': BATCH, 'width': WIDTH, 'blocks': BLOCKS, 'side': SIDE, 'clipNorm': CLIP,
    'norms': norms.tolist(),
    'sums': {
        name: {'norm': total.norm().item(), 'every': max(1, total.numel() // SHOWN),
               'values': total.flatten()[::max(1, total.numel() // SHOWN)].tolist()}
        for name, total in sums.items()
    },
}))

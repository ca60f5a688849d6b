"""Golden images and gradients of the generators of the GAN and embedding papers, by PyTorch in double precision.

    pip install torch==2.13.0
    python generators.py > generators.json

The networks are written from the papers' formulas with channels first, as PyTorch has them. Parameters, vectors of the power
iteration, latents and the slopes of the loss are wave(shape, phase), which the test computes too, in the layout of dpbench:
kernels [height, width, in, out], matrices [in, out]. Of each tensor its Euclidean norm and every n-th value are kept.
"""
import json
import numpy as np, torch, torch.nn.functional as F

torch.set_default_dtype(torch.float64)
BATCH, CLASSES, SHOWN = 4, 3, 12


def wave(shape, phase, scale=1.0, shift=0.0):
    """Values in [-1, 1] without a pattern: sin(0.37 i^2 + phase), rounded to float32 as the test's are."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return shift + scale * torch.tensor(np.sin(0.37 * i * i + phase).astype(np.float32).astype(np.float64)).reshape(shape)


def shown(tensor):
    flat = tensor.detach().flatten()
    every = max(1, flat.numel() // SHOWN)
    return {'norm': flat.norm().item(), 'every': every, 'values': flat[::every].tolist()}


def unit(vector, epsilon):
    return vector / max(vector.norm().item(), epsilon)


class Spectral:
    """One power iteration from a given right vector; the weight is then divided by u W v."""

    def __init__(self, weights, names):
        self.weights, self.state = weights, {}
        for phase, name in enumerate(names):
            weight = weights[name]
            matrix = weight.detach().reshape(-1, weight.shape[-1]).T  # out x everything else
            u = unit(wave((matrix.shape[0],), 200 + phase), 1e-6)
            v = unit(matrix.T @ u, 1e-6)
            u = unit(matrix @ v, 1e-6)
            self.state[name] = (v, u)

    def __call__(self, name):
        weight = self.weights[name]
        v, u = self.state[name]
        return weight / (u @ weight.reshape(-1, weight.shape[-1]).T @ v)


def batch_norm(x, epsilon=1e-4):
    return F.batch_norm(x, None, None, training=True, eps=epsilon)


def conv(x, kernel, bias=None, padding=1):
    return F.conv2d(x, kernel.permute(3, 2, 0, 1).contiguous(), bias, padding=padding)


def place(x, matrix, bias=None):
    """A convolution of 1 x 1."""
    return F.conv2d(x, matrix.T.contiguous()[:, :, None, None], bias)


def big_gan(height, width, image_channels, gc):
    blocks = 3 if min(height, width) >= 32 else 2
    w, chunk, start = 4 * gc, 60 // (blocks + 1), (height >> blocks, width >> blocks)
    a = 128 + chunk
    shapes = {'embedding': (CLASSES, 128), 'first.kernel': (chunk, start[0] * start[1] * w), 'first.bias': (start[0] * start[1] * w,)}
    for i in range(1, blocks + 1):
        for part in ('first', 'second'):
            shapes |= {f'block{i}.{part}.scale.kernel': (a, w), f'block{i}.{part}.shift.kernel': (a, w)}
            shapes |= {f'block{i}.{part}.kernel': (3, 3, w, w), f'block{i}.{part}.bias': (w,)}
        shapes |= {f'block{i}.shortcut.kernel': (w, w), f'block{i}.shortcut.bias': (w,)}
    shapes |= {'attention.query.kernel': (w, w // 8), 'attention.key.kernel': (w, w // 8)}
    shapes |= {'attention.value.kernel': (w, w // 2), 'attention.out.kernel': (w // 2, w), 'attention.weight': ()}
    shapes |= {'last.scale': (w,), 'last.shift': (w,), 'last.kernel': (3, 3, w, image_channels), 'last.bias': (image_channels,)}
    weights = {name: wave(shape, phase).requires_grad_() for phase, (name, shape) in enumerate(shapes.items())}
    spectral = Spectral(weights, [name for name in shapes if name.endswith('kernel')])
    latents, labels = wave((BATCH, 60), 300), F.one_hot(torch.arange(BATCH) % CLASSES, CLASSES).double()

    def conditional(name, x, y):
        gain, shift = y @ spectral(f'{name}.scale.kernel'), y @ spectral(f'{name}.shift.kernel')
        return batch_norm(x) * (1 + gain)[:, :, None, None] + shift[:, :, None, None]

    chunks = latents.split(chunk, 1)
    x = chunks[0] @ spectral('first.kernel') + weights['first.bias']
    x = x.reshape(BATCH, *start, w).permute(0, 3, 1, 2)
    for i in range(1, blocks + 1):
        name, y = f'block{i}', torch.cat([labels @ weights['embedding'], chunks[i]], 1)
        up = lambda h: F.interpolate(h, scale_factor=2, mode='nearest')
        h = up(F.relu(conditional(f'{name}.first', x, y)))
        h = conv(h, spectral(f'{name}.first.kernel'), weights[f'{name}.first.bias'])
        h = F.relu(conditional(f'{name}.second', h, y))
        h = conv(h, spectral(f'{name}.second.kernel'), weights[f'{name}.second.bias'])
        x = h + place(up(x), spectral(f'{name}.shortcut.kernel'), weights[f'{name}.shortcut.bias'])
        if i == 2:
            theta, phi, g = (place(x, spectral(f'attention.{part}.kernel')) for part in ('query', 'key', 'value'))
            phi, g = F.max_pool2d(phi, 2), F.max_pool2d(g, 2)
            beta = torch.softmax(torch.einsum('bcq,bck->bqk', theta.flatten(2), phi.flatten(2)), -1)
            o = torch.einsum('bqk,bck->bcq', beta, g.flatten(2)).reshape(BATCH, -1, *x.shape[2:])
            x = x + weights['attention.weight'] * place(o, spectral('attention.out.kernel'))
    x = batch_norm(x) * weights['last.scale'][:, None, None] + weights['last.shift'][:, None, None]
    x = torch.tanh(conv(F.relu(x), spectral('last.kernel'), weights['last.bias']))
    images = (x / 2 + 0.5).permute(0, 2, 3, 1)
    return finished(weights, spectral, images, {'height': height, 'width': width, 'channels': image_channels, 'gc': gc})


def pixel_norm(x):
    return x / torch.sqrt((x**2).mean(1, keepdim=True) + 1e-10)


def pixel_norm_generator(height, width, image_channels, w):
    start = (-(-height // 8), -(-width // 8))
    shapes = {'first.kernel': (10 + CLASSES, start[0] * start[1] * w), 'first.bias': (start[0] * start[1] * w,)}
    for i in (1, 2, 3):
        shapes |= {f'block{i}.first.kernel': (3, 3, w, w), f'block{i}.first.bias': (w,)}
        shapes |= {f'block{i}.second.kernel': (3, 3, w, w), f'block{i}.second.bias': (w,)}
        shapes |= {f'block{i}.shortcut.kernel': (w, w), f'block{i}.shortcut.bias': (w,)}
    shapes |= {'last.kernel': (3, 3, w, image_channels), 'last.bias': (image_channels,)}
    weights = {name: wave(shape, phase).requires_grad_() for phase, (name, shape) in enumerate(shapes.items())}
    spectral = Spectral(weights, [name for name in shapes if name.endswith('kernel')])
    latents, labels = (wave((BATCH, 10), 300) > 0).double(), F.one_hot(torch.arange(BATCH) % CLASSES, CLASSES).double()
    x = torch.cat([latents, labels], 1) @ spectral('first.kernel') + weights['first.bias']
    x = pixel_norm(F.relu(x).reshape(BATCH, *start, w).permute(0, 3, 1, 2))
    up = lambda h: F.interpolate(h, scale_factor=2, mode='nearest')
    for name in ('block1', 'block2', 'block3'):
        h = conv(up(pixel_norm(x)), spectral(f'{name}.first.kernel'), weights[f'{name}.first.bias'])
        h = conv(F.relu(pixel_norm(h)), spectral(f'{name}.second.kernel'), weights[f'{name}.second.bias'])
        x = h + place(up(x), spectral(f'{name}.shortcut.kernel'), weights[f'{name}.shortcut.bias'])
    x = torch.sigmoid(conv(x, spectral('last.kernel'), weights['last.bias'], padding=0 if image_channels == 1 else 1))
    images = x[:, :, :height, :width].permute(0, 2, 3, 1)
    return finished(weights, spectral, images, {'height': height, 'width': width, 'channels': image_channels, 'w': w})


def wasserstein_critic(height, width, image_channels, channels):
    """Scores and the gradient of GS-WGAN's loss of a critic, with the gradient penalty and the drift term."""
    half = lambda n: -(-n // 2)
    features = half(half(half(height))) * half(half(half(width))) * channels[-1]
    shapes = {}
    for i, (inputs, outputs) in enumerate(zip([image_channels, *channels], channels)):
        shapes |= {f'conv{i + 1}.kernel': (5, 5, inputs, outputs), f'conv{i + 1}.bias': (outputs,)}
    shapes |= {'score.kernel': (features, 1), 'score.bias': (1,), 'label.kernel': (CLASSES, features)}
    weights = {name: wave(shape, phase).requires_grad_() for phase, (name, shape) in enumerate(shapes.items())}
    spectral = Spectral(weights, [name for name in shapes if name.endswith('kernel')])
    labels = F.one_hot(torch.arange(BATCH) % CLASSES, CLASSES).double()

    def scores(images):
        x = images.permute(0, 3, 1, 2)
        for i in range(len(channels)):
            kernel = spectral(f'conv{i + 1}.kernel').permute(3, 2, 0, 1).contiguous()
            x = F.relu(F.conv2d(x, kernel, weights[f'conv{i + 1}.bias'], stride=2, padding=2))
        h = x.permute(0, 2, 3, 1).reshape(BATCH, -1)
        return (h @ spectral('score.kernel') + weights['score.bias']).reshape(-1) + (h * (labels @ spectral('label.kernel'))).sum(1)

    real, fake = (0.5 + 0.5 * wave((BATCH, height, width, image_channels), phase) for phase in (310, 311))
    share = (0.5 + 0.5 * wave((BATCH,), 312)).reshape(-1, 1, 1, 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    slopes, = torch.autograd.grad(scores(between).sum(), between, create_graph=True)
    penalty = ((slopes.reshape(BATCH, -1).norm(dim=1) - 1) ** 2).mean()
    loss = scores(fake).mean() - scores(real).mean() + 10 * penalty + 0.001 * (scores(real) ** 2).mean()
    loss.backward()
    return {
        'height': height, 'width': width, 'channels': image_channels, 'widths': channels,
        'scores': shown(scores(real)), 'loss': loss.item(),
        'gradients': {name: shown(weight.grad) for name, weight in weights.items()},
    }


def finished(weights, spectral, images, options):
    (images * wave(images.shape, 301)).sum().backward()
    return {
        **options,
        'state': {name: [shown(vector) for vector in vectors] for name, vectors in spectral.state.items()},
        'images': shown(images),
        'gradients': {name: shown(weight.grad) for name, weight in weights.items()},
    }


print(json.dumps({
    'batch': BATCH, 'classes': CLASSES,
    'bigGan': [big_gan(8, 12, 3, 2), big_gan(32, 32, 1, 2)],
    'pixelNorm': [pixel_norm_generator(12, 20, 1, 6), pixel_norm_generator(16, 8, 3, 6)],
    'wassersteinCritic': wasserstein_critic(10, 14, 2, [4, 5, 6]),
}))

"""Layers of latent diffusion in PyTorch's double precision, by names and layouts of dpbench: kernels [height, width, in, out], matrices
[in, out]. Weights are waves by their names, which the tests compute too."""
import numpy as np, torch, torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, phase):
    """Values in [-1, 1] without a pattern: sin(0.37 i^2 + phase), rounded to float32 as the test's are."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return torch.tensor(np.sin(0.37 * i * i + phase).astype(np.float32).astype(np.float64)).reshape(shape)


def shown(tensor, count):
    flat = tensor.detach().flatten()
    every = max(1, flat.numel() // count)
    return {'norm': float(f'{flat.norm().item():.7g}'), 'every': every, 'values': [float(f'{v:.7g}') for v in flat[::every].tolist()]}


class Weights(dict):
    """Made when they are first asked for: kernels with the size of their fan in, scales around 1."""

    def get(self, name, *shape):
        if name not in self:
            value = wave(shape, sum(map(ord, name)))
            if name.endswith('.scale'):
                value = 1 + 0.3 * value
            elif name.endswith('.kernel'):
                value = value * 2 / np.prod(shape[:-1]) ** 0.5
            self[name] = value.requires_grad_()
        return self[name]

    def conv(self, name, x, outputs, **how):
        kernel = self.get(f'{name}.kernel', 3, 3, x.shape[1], outputs)
        return F.conv2d(x, kernel.permute(3, 2, 0, 1), self.get(f'{name}.bias', outputs), **how)

    def place(self, name, x, outputs):
        """A convolution of 1 x 1."""
        matrix = self.get(f'{name}.kernel', x.shape[1], outputs)
        return F.conv2d(x, matrix.T[:, :, None, None], self.get(f'{name}.bias', outputs))

    def linear(self, name, x, outputs, bias=True):
        y = x @ self.get(f'{name}.kernel', x.shape[-1], outputs)
        return y + self.get(f'{name}.bias', outputs) if bias else y

    def group_norm(self, name, x, width, eps):
        channels = x.shape[1]
        groups = min(32, channels // width)
        return F.group_norm(x, groups, self.get(f'{name}.scale', channels), self.get(f'{name}.shift', channels), eps)

    def layer_norm(self, name, x):
        size = x.shape[-1]
        return F.layer_norm(x, (size,), self.get(f'{name}.scale', size), self.get(f'{name}.shift', size), 1e-5)


def tokens(x):
    """[batch, channels, height, width] to [batch, positions, channels]."""
    return x.flatten(2).transpose(1, 2)


def image(x, height, width):
    return x.transpose(1, 2).reshape(x.shape[0], -1, height, width)


def nhwc(x):
    return x.permute(0, 2, 3, 1)

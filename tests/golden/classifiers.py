"""Golden values of tiny classifiers (lib/nn/classifiers), in double precision by PyTorch.

    pip install torch==2.13.0
    python classifiers.py > classifiers.json

For each network: logits by running statistics; then, in training, the mean cross-entropy, of each parameter the
Euclidean norm and some values of its gradient in the layout of dpbench (kernels [height, width, in, out]), and the running
statistics after the batch. Weights are wave(shape, phase of the name), which the test computes too.
"""
import json
import numpy as np, torch, torch.nn.functional as F

torch.set_default_dtype(torch.float64)
SHOWN = 6


def wave(shape, phase):
    """Values in [-1, 1] without a pattern: sin(0.37 i^2 + phase), rounded to float32 as the test's are."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return torch.tensor(np.sin(0.37 * i * i + phase).astype(np.float32).astype(np.float64)).reshape(shape)


def value(name, shape):
    values = wave(shape, sum(name.encode()) / 10)
    if name.endswith('.kernel'):
        return values * 1.5 / np.sqrt(np.prod(shape[:-1]))
    return values / 4 + (1 if name.endswith(('.scale', '.variance')) else 0)


class Net:
    """Layers by name; values are made when a layer is first used."""

    def __init__(self):
        self.weights, self.statistics, self.training = {}, {}, False

    def weight(self, name, shape):
        if name not in self.weights:
            self.weights[name] = value(name, shape).requires_grad_()
        return self.weights[name]

    def conv(self, x, name, out, size=3, stride=1, groups=1):
        kernel = self.weight(f'{name}.kernel', (size, size, x.shape[1] // groups, out))
        return F.conv2d(x, kernel.permute(3, 2, 0, 1), stride=stride, padding=size // 2, groups=groups)

    def norm(self, x, name):
        channels = x.shape[1]
        for kind in ('mean', 'variance'):
            self.statistics.setdefault(f'{name}.{kind}', value(f'{name}.{kind}', (channels,)))
        running = self.statistics[f'{name}.mean'], self.statistics[f'{name}.variance']
        affine = self.weight(f'{name}.scale', (channels,)), self.weight(f'{name}.shift', (channels,))
        return F.batch_norm(x, *running, *affine, training=self.training, momentum=0.1, eps=1e-5)  # changes running

    def dense(self, x, name, out):
        return x @ self.weight(f'{name}.kernel', (x.shape[1], out)) + self.weight(f'{name}.bias', (out,))


def stages(net, x, block, prefix, widths, blocks=1):
    for stage, out in enumerate(widths):
        for k in range(blocks):
            x = block(net, x, f'{prefix}{stage + 1}.{k}', out, 2 if stage and k == 0 else 1)
    return x


def projected(net, x, name, out, stride):
    return net.norm(net.conv(x, f'{name}.shortcut.0', out, 1, stride), f'{name}.shortcut.1')


def basic(shortcut):
    def block(net, x, name, out, stride):
        y = F.relu(net.norm(net.conv(x, f'{name}.conv1', out, 3, stride), f'{name}.bn1'))
        y = net.norm(net.conv(y, f'{name}.conv2', out), f'{name}.bn2')
        if (stride, x.shape[1]) == (1, out):
            return F.relu(y + x)
        if shortcut == 'convolution':
            return F.relu(y + projected(net, x, name, out, stride))
        more = (out - x.shape[1]) // 2
        return F.relu(y + F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more, more)))
    return block


def resnet(shortcut):
    def logits(net, x, classes):
        x = F.relu(net.norm(net.conv(x, 'conv1', 4), 'bn1'))
        x = stages(net, x, basic(shortcut), 'layer', (4, 8, 12), blocks=2)
        return net.dense(x.mean((2, 3)), 'linear', classes)
    return logits


def wide(net, x, name, out, stride):
    act = F.relu(net.norm(x, f'{name}.bn1'))
    y = F.relu(net.norm(net.conv(act, f'{name}.conv1', out, 3, stride), f'{name}.bn2'))
    y = net.conv(y, f'{name}.conv2', out)
    return y + (x if (stride, x.shape[1]) == (1, out) else net.conv(act, f'{name}.shortcut', out, 1, stride))


def wide_resnet(net, x, classes):
    x = stages(net, net.conv(x, 'conv1', 3), wide, 'block', (6, 12, 24), blocks=2)
    return net.dense(F.relu(net.norm(x, 'bn1')).mean((2, 3)), 'fc', classes)


def bottleneck(net, x, name, out, stride):
    inner = 2 * out // 2  # cardinality 2, widen 2
    y = F.relu(net.norm(net.conv(x, f'{name}.conv_reduce', inner, 1), f'{name}.bn_reduce'))
    y = F.relu(net.norm(net.conv(y, f'{name}.conv_conv', inner, 3, stride, groups=2), f'{name}.bn'))
    y = net.norm(net.conv(y, f'{name}.conv_expand', out, 1), f'{name}.bn_expand')
    return F.relu(y + (x if (stride, x.shape[1]) == (1, out) else projected(net, x, name, out, stride)))


def resnext(net, x, classes):
    x = F.relu(net.norm(net.conv(x, 'conv_1_3x3', 4), 'bn_1'))
    return net.dense(stages(net, x, bottleneck, 'stage_', (8, 16, 32)).mean((2, 3)), 'classifier', classes)


def deep_bottleneck(net, x, name, inner, stride):
    y = F.relu(net.norm(net.conv(x, f'{name}.conv1', inner, 1), f'{name}.bn1'))
    y = F.relu(net.norm(net.conv(y, f'{name}.conv2', inner, 3, stride), f'{name}.bn2'))
    y = net.norm(net.conv(y, f'{name}.conv3', 4 * inner, 1), f'{name}.bn3')
    same = (stride, x.shape[1]) == (1, 4 * inner)
    return F.relu(y + (x if same else projected(net, x, name, 4 * inner, stride)))


def bottleneck_resnet(blocks, width):
    def logits(net, x, classes):
        x = F.relu(net.norm(net.conv(x, 'conv1', width), 'bn1'))
        for stage, count in enumerate(blocks):
            for k in range(count):
                name = f'layer{stage + 1}.{k}'
                x = deep_bottleneck(net, x, name, width * 2 ** stage, 2 if stage and k == 0 else 1)
        return net.dense(F.avg_pool2d(x, x.shape[-2:]).flatten(1), 'linear', classes)
    return logits


def values_of(logits, shape, classes):
    net = Net()
    logits(net, torch.zeros(1, *shape), classes)
    return sum(weight.numel() for weight in net.weights.values())


def golden(logits, shape, classes):
    batch = 5
    images = (wave((batch, *shape), 100) + 1) / 2
    labels = torch.arange(batch) % classes
    net, x = Net(), 2 * images.permute(0, 3, 1, 2) - 1
    found = {'shape': shape, 'classes': classes, 'logits': logits(net, x, classes).tolist()}
    net.training = True
    loss = F.cross_entropy(logits(net, x, classes), labels)
    loss.backward()
    some = lambda values: values.flatten()[:: max(1, values.numel() // SHOWN)].tolist()
    return found | {
        'loss': loss.item(),
        'gradients': {name: [w.grad.norm().item(), *some(w.grad)] for name, w in net.weights.items()},
        'statistics': {name: values.tolist() for name, values in net.statistics.items()},
    }


print(json.dumps({
    'torch': torch.__version__.split('+')[0],
    'resnet convolution': golden(resnet('convolution'), (7, 10, 3), 4),
    'resnet pad': golden(resnet('pad'), (8, 8, 1), 3),
    'wide resnet': golden(wide_resnet, (12, 12, 1), 3),
    'resnext': golden(resnext, (8, 12, 1), 4),
    'bottleneck resnet': golden(bottleneck_resnet((2, 1, 2, 1), 3), (16, 8, 3), 4),
    'ResNet-50, values': [values_of(bottleneck_resnet((3, 4, 6, 3), 64), (3, 32, 32), n) for n in (10, 1000)],
}, indent=None))

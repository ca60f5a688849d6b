"""Golden logits of the published ResNet-20 for CIFAR-10 (github.com/akamaster/pytorch_resnet_cifar10), by PyTorch.

    pip install torch==2.13.0
    DPBENCH_DATA=... python resnet20.py > resnet20.json

The first 8 images of data_batch_1.bin, and the number of the 3,000 images that it classifies rightly. The layers are
written out below from the description of the network: basic blocks, shortcuts by every second pixel and zeros (option A of
He et al. 2016, "Deep residual learning"), on images less the mean and divided by the deviation of ImageNet.
"""
import json, os
import numpy as np, torch, torch.nn.functional as F

data = os.environ['DPBENCH_DATA']
path = f'{data}/weights/resnet20-12fca82f.th'
saved = torch.load(path, map_location='cpu', weights_only=True)['state_dict']
weights = {name.removeprefix('module.'): value for name, value in saved.items()}


def norm(x, name):
    w = [weights[f'{name}.{kind}'] for kind in ('running_mean', 'running_var', 'weight', 'bias')]
    return F.batch_norm(x, *w)


def conv(x, name, stride=1):
    return F.conv2d(x, weights[f'{name}.weight'], stride=stride, padding=1)


def logits(x):
    x = F.relu(norm(conv(x, 'conv1'), 'bn1'))
    for stage in (1, 2, 3):
        for block in range(3):
            name, stride = f'layer{stage}.{block}', 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(conv(x, f'{name}.conv1', stride), f'{name}.bn1'))
            y = norm(conv(y, f'{name}.conv2'), f'{name}.bn2')
            more = (y.shape[1] - x.shape[1]) // 2
            x = F.relu(y + F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more, more)))
    return F.linear(x.mean((2, 3)), weights['linear.weight'], weights['linear.bias'])


def read(name):
    rows = np.fromfile(f'{data}/cifar-10-subset/{name}', np.uint8).reshape(-1, 3073)
    images = torch.tensor(rows[:, 1:]).reshape(-1, 3, 32, 32).float() / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (images - mean.reshape(3, 1, 1)) / deviation.reshape(3, 1, 1), torch.tensor(rows[:, 0]).long()


with torch.no_grad():
    right, shown = 0, None
    for name in ('data_batch_1.bin', 'test_batch.bin'):
        images, labels = read(name)
        found = torch.cat([logits(part) for part in images.split(250)])
        shown = found[:8] if shown is None else shown
        right += (found.argmax(1) == labels).sum().item()
print(json.dumps({'torch': torch.__version__.split('+')[0], 'logits': shown.tolist(), 'right': right}))

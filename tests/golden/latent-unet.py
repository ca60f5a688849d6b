"""Noise and gradients of small U-Nets of latents by PyTorch in double precision, from the formulas of Rombach et al. 2022 (appendix) as the
specification of the latent methods gives them; with low-rank adapters (Hu et al. 2021) in the second.

    pip install torch==2.13.0
    python tests/golden/latent-unet.py > tests/golden/latent-unet.json
"""
import json, math
import torch, torch.nn.functional as F
from latent_layers import Weights, image, nhwc, shown, tokens, wave


def case(height, width, features, multipliers, blocks, attention, context_size, head_width, group_width, rank, classes=3):
    w = Weights()

    def block(name, x, outputs, condition):
        norm = lambda place, h: F.silu(w.group_norm(f'{name}.{place}', h, group_width, 1e-5))
        h = w.conv(f'{name}.conv0', norm('norm0', x), outputs, padding=1)
        h = h + w.linear(f'{name}.condition', F.silu(condition), outputs)[:, :, None, None]
        h = w.conv(f'{name}.conv1', norm('norm1', h), outputs, padding=1)
        return (x if x.shape[1] == outputs else w.place(f'{name}.shortcut', x, outputs)) + h

    def mapped(name, x, outputs):
        y = w.linear(name, x, outputs, bias=False)
        if rank > 0:
            y = y + w.linear(f'{name}.up', w.linear(f'{name}.down', x, rank, bias=False), outputs, bias=False)
        return y

    def attend(name, x, context):
        size = x.shape[-1]
        apart = lambda y: y.reshape(y.shape[0], y.shape[1], size // head_width, head_width).transpose(1, 2)
        q, k, v = mapped(f'{name}.query', x, size), mapped(f'{name}.key', context, size), mapped(f'{name}.value', context, size)
        shares = torch.softmax(apart(q) @ apart(k).transpose(2, 3) / head_width**0.5, -1)
        return w.linear(f'{name}.out', (shares @ apart(v)).transpose(1, 2).reshape(x.shape), size)

    def transformer(name, x, token):
        size = x.shape[1]
        h = tokens(w.place(f'{name}.in', w.group_norm(f'{name}.norm', x, group_width, 1e-6), size))
        seen = w.layer_norm(f'{name}.norm0', h)
        h = h + attend(f'{name}.self', seen, seen)
        h = h + attend(f'{name}.class', w.layer_norm(f'{name}.norm1', h), token)
        value, gate = w.linear(f'{name}.gated', w.layer_norm(f'{name}.norm2', h), 8 * size).chunk(2, -1)
        h = h + w.linear(f'{name}.last', value * F.gelu(gate), size)
        return x + w.place(f'{name}.out', image(h, *x.shape[2:]), size)

    def step(name, x, outputs, level, condition, token):
        x = block(name, x, outputs, condition)
        return transformer(f'{name}.attention', x, token) if attention[level] else x

    latents = wave((4, 3, height, width), 1)
    times, labels = torch.tensor([0.0, 17.0, 500.0, 999.0]), torch.eye(classes)[[0, 2, 1, 1]]
    labels[3] = 0  # no label
    half = features // 2
    angles = times[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
    token = (labels @ w.get('label.table', classes, context_size))[:, None]
    condition = w.linear('time0', torch.cat([angles.cos(), angles.sin()], 1), 4 * features)
    condition = w.linear('time1', F.silu(condition), 4 * features)
    x = w.conv('stem', latents, features, padding=1)
    waiting = [x]
    for level, multiplier in enumerate(multipliers):
        for i in range(blocks):
            x = step(f'down{level}.block{i}', x, features * multiplier, level, condition, token)
            waiting.append(x)
        if level < len(multipliers) - 1:
            x = w.conv(f'down{level}.halve', x, x.shape[1], stride=2, padding=1)
            waiting.append(x)
    x = transformer('middle.first.attention', block('middle.first', x, x.shape[1], condition), token)
    x = block('middle.second', x, x.shape[1], condition)
    for level in reversed(range(len(multipliers))):
        for i in range(blocks + 1):
            x = torch.cat([x, waiting.pop()], 1)
            x = step(f'up{level}.block{i}', x, features * multipliers[level], level, condition, token)
        if level > 0:
            x = w.conv(f'up{level}.double', F.interpolate(x, scale_factor=2, mode='nearest'), x.shape[1], padding=1)
    noise = w.conv('out.conv', F.silu(w.group_norm('out.norm', x, group_width, 1e-5)), 3, padding=1)
    (noise * wave(noise.shape, 2)).sum().backward()
    return {
        'options': {
            'shape': {'height': height, 'width': width, 'channels': 3}, 'classes': classes, 'features': features,
            'multipliers': multipliers, 'blocks': blocks, 'attention': attention, 'contextSize': context_size,
            'headWidth': head_width, 'groupWidth': group_width, 'rank': rank,
        },
        'count': sum(value.numel() for value in w.values()),
        'noise': shown(nhwc(noise), 36),
        'gradients': {name: shown(value.grad, 2) for name, value in w.items()},
    }


print(json.dumps([
    case(8, 12, 8, [1, 2], 1, [True, True], 5, 4, 2, 0),
    case(12, 8, 8, [1, 2, 1], 2, [False, False, True], 6, 8, 1, 2),
]))

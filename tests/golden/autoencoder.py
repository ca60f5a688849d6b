"""Posterior and images of small KL autoencoders by PyTorch in double precision, from the formulas of Rombach et al. 2022 (appendix) as
the specification of the latent methods gives them.

    pip install torch==2.13.0
    python tests/golden/autoencoder.py > tests/golden/autoencoder.json
"""
import json
import torch, torch.nn.functional as F
from latent_layers import Weights, image, nhwc, shown, tokens, wave


def case(height, width, channels, features, multipliers, blocks, attention, group_width, latent_channels):
    w = Weights()
    norm = lambda name, x: w.group_norm(name, x, group_width, 1e-6)

    def block(name, x, outputs):
        h = w.conv(f'{name}.conv0', F.silu(norm(f'{name}.norm0', x)), outputs, padding=1)
        h = w.conv(f'{name}.conv1', F.silu(norm(f'{name}.norm1', h)), outputs, padding=1)
        return (x if x.shape[1] == outputs else w.place(f'{name}.shortcut', x, outputs)) + h

    def attend(name, x):
        _, c, rows, columns = x.shape
        q, k, v = w.linear(f'{name}.project', tokens(norm(f'{name}.norm', x)), 3 * c).split(c, -1)
        shares = torch.softmax(q @ k.transpose(1, 2) / c**0.5, -1)
        return x + image(w.linear(f'{name}.out', shares @ v, c), rows, columns)

    def level(name, x, outputs, count):
        for i in range(count):
            x = block(f'{name}.block{i}', x, outputs)
            if x.shape[2] in attention:
                x = attend(f'{name}.block{i}.attention', x)
        return x

    def middle(name, x):
        c = x.shape[1]
        return block(f'{name}.second', attend(f'{name}.attention', block(f'{name}.first', x, c)), c)

    def out(name, x, outputs):
        return w.conv(f'{name}.conv', F.silu(norm(f'{name}.norm', x)), outputs, padding=1)

    widths = [features * m for m in multipliers]
    images = 0.5 + 0.5 * wave((2, channels, height, width), 1)
    x = w.conv('encoder.stem', 2 * images - 1, features, padding=1)
    for i, outputs in enumerate(widths):
        x = level(f'encoder.down{i}', x, outputs, blocks)
        if i < len(widths) - 1:  # zeros at the right and at the bottom only
            x = w.conv(f'encoder.down{i}.halve', F.pad(x, (0, 1, 0, 1)), outputs, stride=2)
    x = out('encoder.out', middle('encoder.middle', x), 2 * latent_channels)
    mean, log_variance = w.place('encoder.latents', x, 2 * latent_channels).chunk(2, 1)
    log_variance = log_variance.clamp(-30, 20)
    noise = wave(mean.shape, 2)
    latents = mean + (0.5 * log_variance).exp() * noise
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum((1, 2, 3))

    x = w.conv('decoder.stem', w.place('decoder.latents', latents, latent_channels), widths[-1], padding=1)
    x = middle('decoder.middle', x)
    for i in reversed(range(len(widths))):
        x = level(f'decoder.up{i}', x, widths[i], blocks + 1)
        if i > 0:
            x = w.conv(f'decoder.up{i}.double', F.interpolate(x, scale_factor=2, mode='nearest'), widths[i], padding=1)
    decoded = out('decoder.out', x, channels) / 2 + 0.5
    loss = ((decoded - images).abs().sum((1, 2, 3)) + 0.01 * kl).mean() / images[0].numel()
    loss.backward()
    return {
        'options': {
            'shape': {'height': height, 'width': width, 'channels': channels}, 'features': features, 'multipliers': multipliers,
            'blocks': blocks, 'attention': attention, 'groupWidth': group_width, 'latentChannels': latent_channels,
        },
        'count': sum(value.numel() for value in w.values()),
        'mean': shown(nhwc(mean), 24), 'logVariance': shown(nhwc(log_variance), 24), 'kl': kl.tolist(),
        'decoded': shown(nhwc(decoded), 24), 'loss': loss.item(),
        'gradients': {name: shown(value.grad, 2) for name, value in w.items()},
    }


print(json.dumps([case(12, 8, 1, 4, [1, 2], 1, [6], 2, 2), case(8, 16, 3, 8, [1, 2, 1], 2, [8, 2], 1, 3)]))

"""
Tangent features by PyTorch 2.13's own gradients, in double: python3 tests/golden/ntk.py > tests/golden/ntk.json
For each network the inner products of six images' normalised gradients, all outputs of the last layer written out; the
unbiased squared distance of their label-wise mean to that of four other images; and its gradient by the six images.
"""
import json
import torch
from seeded_features import seeded_features

torch.set_default_dtype(torch.double)
PIXELS, OUTPUTS, CLASSES = 16, 3, 2


def images(seed, count):
    return torch.tensor(seeded_features(seed, count, PIXELS)).double().mul(0.3).add(0.4).clamp(0, 1)


def layer(seed, inputs, outputs):
    linear = torch.nn.Linear(inputs, outputs)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(seeded_features(seed, inputs, outputs)).T / inputs**0.5)
        linear.bias.copy_(torch.tensor(seeded_features(seed + 1, 1, outputs)[0]) / inputs**0.5)
    return linear


def network(widths):
    first, rest = layer(1, PIXELS, widths[0]), []
    if len(widths) == 2:
        rest = [layer(3, *widths)]
    norm = torch.nn.LayerNorm(widths[-1], elementwise_affine=False)
    return torch.nn.Sequential(first, torch.nn.ReLU(), *rest, norm, layer(5, widths[-1], OUTPUTS))


def features(model, x):
    gradients = torch.autograd.grad(model(x[None]).sum(), list(model.parameters()), create_graph=True)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    return flat / flat.norm()


def means(rows, labels, count):
    return torch.stack([rows[labels == c].sum(0) / count for c in range(CLASSES)], 1)


def distance(rows, labels, target):
    total = (target**2).sum()
    for c in range(CLASSES):
        mine = rows[labels == c]
        n, products = len(mine), mine @ mine.T
        pairs = (products.sum() - products.diagonal().sum()) / (n * (n - 1))
        total = total + pairs / CLASSES**2 - 2 / CLASSES * mine.mean(0) @ target[:, c]
    return total


def case(widths):
    model = network(widths)
    private = torch.stack([features(model, x) for x in images(11, 4)])
    target = means(private, torch.tensor([0, 1, 1, 0]), 4).detach()
    generated = images(12, 6).requires_grad_()
    rows = torch.stack([features(model, x) for x in generated])
    loss = distance(rows, torch.tensor([0, 0, 0, 1, 1, 1]), target)
    (gradient,) = torch.autograd.grad(loss, generated)
    return {
        'widths': widths,
        'length': sum(p.numel() for p in model.parameters()),
        'gram': (rows @ rows.T).flatten().tolist(),
        'distance': loss.item(),
        'gradient': gradient.flatten().tolist(),
    }


print(json.dumps([case([8]), case([5, 7])]))

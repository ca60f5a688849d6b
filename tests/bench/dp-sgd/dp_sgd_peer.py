"""Times one DP-SGD step of PyTorch or Opacus on the CPU: `python dp_sgd_peer.py MODE` prints one JSON line.

The net, which net.ts mirrors: input [64, 28, 28, 1] standard normal, target of the same shape; conv3x3(1->64, bias);
6 x residual block { GroupNorm(16 groups, affine) -> SiLU -> conv3x3(64->64, bias) }, h = h + block(h); conv3x3(64->1, bias).
Loss of one example: mean squared error over its 784 outputs. Every parameter is trained; each example's gradient is clipped
to norm 1. Median of 7 timed steps after 2 warm-ups. One process a mode, because the memory peak is the process's.
"""
import json, os, resource, statistics, sys, time, warnings
import torch, torch.nn as nn

warnings.filterwarnings('ignore')
torch.set_num_threads(os.cpu_count())
torch.manual_seed(0)
BATCH, WIDTH, BLOCKS, SIDE = 64, 64, 6, 28


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        conv = lambda inputs, outputs: nn.Conv2d(inputs, outputs, 3, padding=1)
        self.first = conv(1, WIDTH)
        block = lambda: nn.Sequential(nn.GroupNorm(16, WIDTH), nn.SiLU(), conv(WIDTH, WIDTH))
        self.blocks = nn.ModuleList(block() for _ in range(BLOCKS))
        self.last = conv(WIDTH, 1)

    def forward(self, x):
        h = self.first(x)
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)


x, y = torch.randn(BATCH, 1, SIDE, SIDE), torch.randn(BATCH, 1, SIDE, SIDE)
losses = lambda outputs: ((outputs - y) ** 2).mean(dim=(1, 2, 3))


def plain():
    """Not private: what the clipping costs is on top of this."""
    net = Net()
    sgd = torch.optim.SGD(net.parameters(), lr=0.0)

    def step():
        sgd.zero_grad()
        losses(net(x)).mean().backward()
        sgd.step()

    return step


def functional():
    """torch.func: gradients of all examples, clipped and summed. Neither noise nor an update of the parameters."""
    from torch.func import functional_call, grad, vmap

    net = Net()
    params = {name: value.detach() for name, value in net.named_parameters()}
    loss = lambda p, a, b: ((functional_call(net, p, (a[None],)) - b[None]) ** 2).mean()
    per_example = vmap(grad(loss), in_dims=(None, 0, 0))

    def step():
        gradients = per_example(params, x, y)
        norm = torch.sqrt(sum((g.reshape(BATCH, -1) ** 2).sum(1) for g in gradients.values()))
        scale = (1 / norm).clamp(max=1)
        return {name: torch.einsum('b,b...->...', scale, g) for name, g in gradients.items()}

    return step


def functional_bfloat16():
    step = functional()

    def autocast():
        with torch.autocast('cpu', dtype=torch.bfloat16):
            step()

    return autocast


def hooks():
    from opacus.grad_sample import GradSampleModule
    from opacus.optimizers import DPOptimizer

    net = GradSampleModule(Net())
    sgd = torch.optim.SGD(net.parameters(), lr=0.0)
    optimizer = DPOptimizer(sgd, noise_multiplier=1.0, max_grad_norm=1.0, expected_batch_size=BATCH)

    def step():
        optimizer.zero_grad()
        losses(net(x)).sum().backward()
        optimizer.step()

    return step


def ghost():
    from opacus.grad_sample import GradSampleModuleFastGradientClipping
    from opacus.optimizers import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    class PerExample(nn.Module):
        reduction = 'mean'

        def forward(self, a, b):
            return ((a - b) ** 2).mean(dim=(1, 2, 3))

    net = GradSampleModuleFastGradientClipping(Net(), max_grad_norm=1.0, use_ghost_clipping=True)
    sgd = torch.optim.SGD(net.parameters(), lr=0.0)
    optimizer = DPOptimizerFastGradientClipping(sgd, noise_multiplier=1.0, max_grad_norm=1.0, expected_batch_size=BATCH)
    criterion = DPLossFastGradientClipping(net, optimizer, PerExample())

    def step():
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()

    return step


modes = {
    'torch_not_private': plain,
    'torch_func': functional,
    'torch_func_bfloat16': functional_bfloat16,
    'opacus_hooks': hooks,
    'opacus_ghost': ghost,
}
step = modes[sys.argv[1]]()
times = []
for _ in range(9):
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({'seconds': statistics.median(times[2:]), 'peak_mb': peak}), flush=True)

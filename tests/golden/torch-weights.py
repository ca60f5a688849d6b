"""Files for tests/lib/tensor/weights: `python3 tests/golden/torch-weights.py > tests/golden/torch-weights.json` with torch 2.13.0.

Files are what `torch.save` writes, as base64. The expected values are `torch.load`'s own tensors, converted by
`.contiguous().to(float32 | int32)`, as base64 of their little-endian bytes.
"""

import base64
import builtins
import collections
import io
import json
import os
import sys
import types
import warnings

import numpy
import torch

warnings.filterwarnings("ignore")
text = lambda data: base64.b64encode(data).decode()


def saved(value, zipped, protocol=2):
    file = io.BytesIO()
    torch.save(value, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    # weights_only knows the opcodes of protocols 2 and 3 alone; these files are our own.
    torch.load(io.BytesIO(file.getvalue()), weights_only=protocol in (2, 3))
    return file.getvalue()


def both(value):
    return {"zip": text(saved(value, True)), "legacy": text(saved(value, False))}


def loaded(file, at=None):
    state = torch.load(io.BytesIO(file), weights_only=True)
    state = state[at] if at else state
    whole = lambda tensor: tensor.dtype not in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
    kind = lambda tensor: torch.uint8 if tensor.dtype == torch.bool else torch.int32 if whole(tensor) else torch.float32
    return {
        name: {
            "shape": list(tensor.shape),
            "type": "bool" if tensor.dtype == torch.bool else "int32" if whole(tensor) else "float32",
            "values": text(tensor.detach().contiguous().to(kind(tensor)).numpy().tobytes()),
        }
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor)
    }


floats = [1, -2, 0.1, 1e-3, -0.0, float("inf")]
every = collections.OrderedDict(
    (str(dtype).removeprefix("torch."), torch.tensor(floats, dtype=dtype))
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
)
for dtype in (torch.int64, torch.int32, torch.int16, torch.int8):
    every[str(dtype).removeprefix("torch.")] = torch.tensor([[-128, 127], [0, 7]], dtype=dtype)
every["uint8"] = torch.tensor([255, 0], dtype=torch.uint8)
every["bool"] = torch.tensor([True, False, True])
every["scalar"] = torch.tensor(2.5)
every["nothing"] = torch.zeros(0, 4)
every["parameter"] = torch.nn.Parameter(torch.arange(3.0))

base = torch.arange(24.0).reshape(2, 3, 4)
views = {
    "base": base,
    "tied": base,
    "offset": base[1, 1:],
    "transposed": base.permute(2, 0, 1),
    "steps": base[:, ::2, 1::2],
    "diagonal": base[0, :, :3].diagonal(),
    "expanded": base[0, 0, :2].expand(3, 2),
    "other": torch.arange(3),
    "column": base[:, :, 3],
    "channelsLast": torch.arange(16.0).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last),
}

torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
optimizer = torch.optim.Adam(network.parameters())
network(torch.ones(1, 1, 4, 4)).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 3,
    "best": 0.25,
    "seed": -(2**70),
    "count": -1000000,
    "none": None,
    "arch": "naïve",
    "flags": [True, (1, 2, 3, 4)],
    "state_dict": torch.nn.DataParallel(network).state_dict(),
    "optimizer": optimizer.state_dict(),
}

# Written on a big-endian machine, as torch.save can pretend.
big_zip = io.BytesIO()
sys.byteorder = "big"
torch.save({"w": torch.ones(1)}, big_zip)
big_legacy = io.BytesIO()
torch.save({"w": torch.ones(1)}, big_legacy, _use_new_zipfile_serialization=False)
sys.byteorder = "little"


class Asks:
    """Pickles as a call."""

    def __init__(self, function, *values):
        self.reduced = (function, values)

    def __reduce__(self):
        return self.reduced


class Custom:
    pass


Custom.__module__ = "somewhere.else"
sys.modules["somewhere"] = types.ModuleType("somewhere")
sys.modules["somewhere.else"] = types.ModuleType("somewhere.else")
sys.modules["somewhere.else"].Custom = Custom

hostile = {
    "posix.system": Asks(os.system, "echo done"),
    "__builtin__.eval": Asks(builtins.eval, "1"),
    "torch.serialization.load": Asks(torch.load, "code.pt"),
    "numpy._core.multiarray._reconstruct": numpy.arange(2),
    "somewhere.else.Custom": Custom(),
    "torch._utils._rebuild_tensor_v3": torch.zeros(1, dtype=torch.uint16),
    "torch._utils._rebuild_sparse_tensor": torch.eye(2).to_sparse(),
    "torch.device": torch.device("cpu"),
}
refused = {}
for name, value in hostile.items():
    file = io.BytesIO()
    torch.save({"w": torch.ones(1), "more": value}, file, _use_new_zipfile_serialization=False)
    refused[name] = text(file.getvalue())
in_zip = io.BytesIO()
torch.save({"w": torch.ones(1), "more": Asks(os.system, "echo done")}, in_zip)

nested = []
for _ in range(400):
    nested = [nested]

result = {
    "torch": torch.__version__,
    "every": {**both(every), "values": loaded(saved(every, True))},
    "protocols": {
        f"{kind} {protocol}": text(saved(every, kind == "zip", protocol))
        for kind, protocol in (("zip", 5), ("legacy", 1), ("legacy", 3), ("legacy", 4), ("legacy", 5))
    },
    "views": {**both(views), "values": loaded(saved(views, True))},
    "checkpoint": {**both(checkpoint), "values": loaded(saved(checkpoint, True), "state_dict")},
    "two": both({"ema": {"w": torch.zeros(1)}, "model": {"w": torch.ones(1)}, "best": torch.tensor(2.0)}),
    "none": text(saved({"epoch": 3, "deep": {"deeper": {"w": torch.ones(1)}}}, False)),
    "numbered": text(saved({0: torch.ones(1)}, False)),
    # A minus sign that PyTorch applies when the values are read.
    "negative": text(saved({"w": torch.ones(2, dtype=torch.complex64).conj().imag}, False)),
    "wide": text(saved({"w": torch.tensor([2**31])}, False)),
    "vast": text(saved({"w": torch.ones(1).expand(2**20, 2**20)}, False)),
    "deep": text(saved({"nested": nested, "w": torch.ones(1)}, False)),
    "big": {"zip": text(big_zip.getvalue()), "legacy": text(big_legacy.getvalue())},
    "refused": refused,
    "refusedZip": text(in_zip.getvalue()),
    "small": both({"w": torch.arange(3.0), "n": torch.tensor([7])}),
}
print(json.dumps(result, indent=1))

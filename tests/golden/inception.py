"""Numbers for tests/lib/nn/inception-v3 and tests/lib/metrics/features: `python3 tests/golden/inception.py > tests/golden/inception.json` with torch 2.13.0,
torchvision 0.28.0, pytorch-fid 0.3.0, torch-fidelity 0.4.0.

The published weights are 95 MB, so both networks get weights made by a formula that the test knows too (`noise`): their
architecture, their names, their resizing, none of their knowledge. Results are float32 as base64.
"""

import base64
import json
import tempfile
from unittest import mock

import numpy as np
import torch
from pytorch_fid import inception as pytorch_fid
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x


def noise(name, count):
    """`count` numbers in [-1, 1), multiples of 2^-23, from the FNV-1a hash of a name and a mixing of its sum with the place."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) % 2**32
    x = ((np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) % 2**32).astype(np.uint32)
    x ^= x >> 16
    x *= np.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= np.uint32(0x846CA68B)
    x ^= x >> 16
    return (x >> 8) / 2.0**23 - 1


def weights(name, shape):
    """Kernels keep the mean square of what passes a ReLU; statistics of the normalisation are about 0 and 1."""
    values = noise(name, int(np.prod(shape))).reshape(shape)
    if name.endswith(("bn.weight", "bn.running_var")):
        values = 1 + values / 4
    elif len(shape) == 1:
        values = values / 4
    else:
        values = values * np.sqrt(6 / np.prod(shape[1:]))
    return torch.from_numpy(values.astype(np.float32))


def bytes_of(name, *shape):
    """A slope with noise on it, so that both large and small parts of an image count."""
    height, width, channels = shape[1:]
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    slope = (x * 3 + y * 4 + c * 40) % 256
    values = noise(name, int(np.prod(shape))).reshape(shape)
    return np.clip(np.floor(slope * 0.75 + 32 + 32 * values), 0, 255).astype(np.uint8)


def encoded(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().astype("<f4").tobytes()).decode()


def channels_first(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2)


with mock.patch.object(pytorch_fid, "load_state_dict_from_url", lambda url, progress: state), mock.patch.object(
    torch.nn.Module, "load_state_dict", lambda self, state: None
):
    state = {}
    network = pytorch_fid.fid_inception_v3()
state = {
    name: weights(name, tuple(tensor.shape))
    for name, tensor in network.state_dict().items()
    if not name.endswith("num_batches_tracked")
}
with mock.patch.object(pytorch_fid, "load_state_dict_from_url", lambda url, progress: state):
    features = pytorch_fid.InceptionV3().eval()
    head = pytorch_fid.fid_inception_v3().fc
with tempfile.NamedTemporaryFile(suffix=".pth") as file:
    torch.save(state, file.name)
    fidelity = FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"], file.name)

torch.set_grad_enabled(False)
assert set(state) == {name for name in fidelity.state_dict() if not name.endswith("num_batches_tracked")}
images = {"colour": bytes_of("colour", 1, 32, 32, 3), "grey": bytes_of("grey", 1, 28, 28, 1)}
results = {"shapes": {name: list(tensor.shape) for name, tensor in state.items() if ".bn." not in name}}
for kind, image in images.items():
    three = channels_first(np.repeat(image, 3 // image.shape[3], axis=3))
    pooled = features(three / 255)[0][:, :, 0, 0]
    unhalved, logits = fidelity(three)
    results[kind] = {
        "pytorchFid": {"features": encoded(pooled), "logits": encoded(head(pooled))},
        "torchFidelity": {"features": encoded(unhalved), "logits": encoded(logits)},
    }

# Resizing alone: three lines of the first channel.
grow = channels_first(images["colour"]).float()
half = lambda x, size: torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
corner = lambda x, size: interpolate_bilinear_2d_like_tensorflow1x(x, size=size, align_corners=False)
lines = [0, 150, 298]
results["resize"] = {
    "lines": lines,
    "halfPixel": [encoded(half(grow, (299, 299))[0, 0, line]) for line in lines],
    "corner": [encoded(corner(grow, (299, 299))[0, 0, line]) for line in lines],
}
print(json.dumps(results))

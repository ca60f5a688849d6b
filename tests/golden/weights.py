"""Files for tests/lib/tensor/weights: `python3 tests/golden/weights.py > tests/golden/weights.json` with safetensors 0.8.0, numpy 2.4.6.

Files are written by `safetensors.numpy.save` (or `safetensors.serialize` for bfloat16, which numpy lacks) and stored as base64. The
expected values are numpy's own conversions to float32 and int32, as base64 of their little-endian bytes.
"""

import base64
import ctypes
import json

import numpy as np
import safetensors
import safetensors.numpy

text = lambda data: base64.b64encode(data).decode()

# What dpbench writes itself: it must give the same bytes.
plain = {
    "dense.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 8,
    "flag": np.array([True, False, True]),
    "a.count": np.array([1, -2], np.int32),
    "scalar": np.array(2.5, np.float32),
    "nothing": np.zeros((0, 4), np.float32),
}

small = np.array([1, -2, 0.1, 65504, 2**-24, 2**-14, 6.1e-5, -0.0, np.inf, -np.inf])
every = {
    "F64": np.array([0.1, -1e30, 3.0]),
    "F32": np.array([0.1, np.inf], np.float32),
    "F16": small.astype(np.float16).reshape(5, 2),
    "I64": np.array([-(2**31), 2**31 - 1, 7]),
    "U64": np.array([2**31 - 1], np.uint64),
    "I32": np.array([-5, 5], np.int32),
    "U32": np.array([2**31 - 1], np.uint32),
    "I16": np.array([-300, 300], np.int16),
    "U16": np.array([65535], np.uint16),
    "I8": np.array([-128, 127], np.int8),
    "U8": np.array([255], np.uint8),
    "BOOL": np.array([True, False]),
}


def converted(value):
    if value.dtype == bool:
        return value.astype(np.uint8)
    return value.astype(np.float32 if value.dtype.kind == "f" else np.int32)


bits = np.array([0x3F80, 0xC000, 0x3DCD, 0x0001, 0x7F80], np.uint16)
bytes_of_bits = ctypes.create_string_buffer(bits.tobytes(), bits.nbytes)
spec = safetensors.TensorSpec(
    dtype="bfloat16", shape=[5], data_ptr=ctypes.addressof(bytes_of_bits), data_len=bits.nbytes
)
# bfloat16 is the upper half of a float32.
bfloat = (bits.astype(np.uint32) << 16).view(np.float32)

print(
    json.dumps(
        {
            "safetensors": safetensors.__version__,
            "plain": text(safetensors.numpy.save(plain, metadata={"made": "naïve \"test\" 123"})),
            "every": text(safetensors.numpy.save(every)),
            "everyValues": {name: text(converted(value).tobytes()) for name, value in every.items()},
            "bfloat16": text(safetensors.serialize({"w": spec})),
            "bfloat16Values": text(bfloat.tobytes()),
            "wide": text(safetensors.numpy.save({"w": np.array([1, 2**31])})),
            "huge": text(safetensors.numpy.save({"w": np.array([1.0, 1e300])})),
            "complex": text(safetensors.numpy.save({"w": np.array([1j], np.complex64)})),
        },
        indent=1,
    )
)

"""Values for the tests of ImageReward, by its authors' own code at a small size:
`python3 tests/golden/image-reward.py FOLDER > tests/golden/image-reward.json`
where FOLDER holds https://github.com/THUDM/ImageReward at c1392c6; torch 2.13.0, torchvision 0.28.0, transformers 4.27.4,
timm 1.0.31, fairscale 0.4.13, Pillow 13.0.0, Python 3.11.

Weights and images are not stored: `hashed` makes them from a name, here and in tests/lib/nn/blip/golden-model.ts.
"""

import hashlib
import json
import os
import sys
import tempfile
import types

import numpy
import torch

# A wheel of torchvision that was built for GPUs does not load its own operators beside a torch for CPUs; none is used here.
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm
import torchvision
import transformers
from PIL import Image

# Only BLIP is wanted of the package, not the other scores that its __init__ imports.
for name in ("ImageReward", "ImageReward.models"):
    package = types.ModuleType(name)
    package.__path__ = [os.path.join(sys.argv[1], *name.split("."))]
    sys.modules[name] = package
from ImageReward import ImageReward as original
from ImageReward.models.BLIP import blip, blip_pretrain
from ImageReward.models.BLIP.vit import VisionTransformer


def hashed(name, count):
    """Whole numbers of 32 bits from a name: FNV-1a of the name, then a hash of that and the index (lowbias32)."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 % 2**32
    x = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + seed) % 2**32
    x = (x ^ (x >> 16)) * 0x21F0AAAD % 2**32
    x = (x ^ (x >> 15)) * 0x735A2D97 % 2**32
    return x ^ (x >> 15)


def weight(name, shape):
    """Small embeddings, so that the epsilon of the first norms matters; else sizes that keep signals near 1."""
    if name.endswith("patch_embed.proj.weight"):
        centre, scale = 0.0, 1e-4
    elif "embed" in name and "LayerNorm" not in name or name.endswith("cls_token"):
        centre, scale = 0.0, 2e-3
    elif len(shape) == 2:
        centre, scale = 0.0, (1.0 if name.startswith("mlp.") else 1.5) * (3 / shape[1]) ** 0.5
    else:
        centre, scale = (1.0, 0.3) if name.endswith("weight") else (0.0, 0.2)
    values = centre + scale * (hashed(name, numpy.prod(shape)) / 2**31 - 1)
    return torch.tensor(values.astype(numpy.float32)).reshape(shape)


def picture(name, height, width, channels):
    """Squares of 4 x 4 pixels, noisy: something to see and something to round."""
    fine = (hashed(name, height * width * channels) >> 24).reshape(height, width, channels)
    rows, columns = numpy.arange(height)[:, None, None] // 4, numpy.arange(width)[None, :, None] // 4
    squares = 255 * ((rows * 7 + columns * 5 + numpy.arange(channels)) % 3 == 0)
    pixels = ((3 * squares + fine) // 4).astype(numpy.uint8)
    # As evaluator.py of DPImageBench makes images of grey arrays.
    return Image.fromarray(numpy.repeat(pixels, 3, axis=2) if channels == 1 else pixels)


def preprocessed(shape, pixels):
    steps = original._transform(pixels).transforms
    image = picture("picture", *shape)
    cut = numpy.asarray(steps[1](steps[0](image)))
    tensor = original._transform(pixels)(image)
    return {
        "shape": shape,
        "pixels": pixels,
        "sha256": hashlib.sha256(cut.tobytes()).hexdigest(),
        "row": cut[pixels // 3].ravel().tolist()[:96],
        "normalised": tensor.permute(1, 2, 0)[pixels // 2, :6].ravel().tolist(),
    }


vocabulary = json.load(open(os.path.join(os.path.dirname(__file__), "word-piece.json")))["vocabulary"]
sizes = {
    "pixels": 48,
    "patch": 16,
    "vision": {"width": 24, "layers": 2, "heads": 3},
    "text": {
        "width": 16,
        "layers": 2,
        "heads": 2,
        "feedForward": 40,
        "vocabulary": len(vocabulary) + 2,
        "positions": 40,
    },
    "head": [1024, 128, 64, 16, 1],
}


def small_model():
    vision, text = sizes["vision"], sizes["text"]
    blip_pretrain.create_vit = lambda *_: (
        VisionTransformer(
            img_size=sizes["pixels"],
            patch_size=sizes["patch"],
            embed_dim=vision["width"],
            depth=vision["layers"],
            num_heads=vision["heads"],
        ),
        vision["width"],
    )
    mlp = original.MLP
    original.MLP = lambda _: mlp(text["width"])
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/vocab.txt", "w", encoding="utf-8") as file:
            file.write("\n".join(vocabulary) + "\n")
        from_pretrained = blip.BertTokenizer.from_pretrained
        blip.BertTokenizer.from_pretrained = lambda _: from_pretrained(folder)
        # train/src/config/med_config.json, smaller.
        config = {
            "attention_probs_dropout_prob": 0.1,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": text["width"],
            "intermediate_size": text["feedForward"],
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": text["positions"],
            "num_attention_heads": text["heads"],
            "num_hidden_layers": text["layers"],
            "pad_token_id": 0,
            "type_vocab_size": 2,
            "vocab_size": text["vocabulary"],
            "add_cross_attention": True,
        }
        with open(f"{folder}/med_config.json", "w") as file:
            json.dump(config, file)
        model = original.ImageReward(f"{folder}/med_config.json")
    model.preprocess = original._transform(sizes["pixels"])
    state = model.state_dict()
    for name in state:
        if state[name].is_floating_point():
            state[name] = weight(name, tuple(state[name].shape))
    model.load_state_dict(state)
    return model.eval()


def scored(model, shape, prompt):
    image = picture("picture", *shape)
    tokens = model.blip.tokenizer(
        prompt, padding="max_length", truncation=True, max_length=35, return_tensors="pt"
    )
    embedded = model.blip.visual_encoder(model.preprocess(image).unsqueeze(0))
    feature = model.blip.text_encoder(
        tokens.input_ids,
        attention_mask=tokens.attention_mask,
        encoder_hidden_states=embedded,
        encoder_attention_mask=torch.ones(embedded.size()[:-1], dtype=torch.long),
        return_dict=True,
    ).last_hidden_state[0, 0]
    return {
        "shape": shape,
        "prompt": prompt,
        "ids": tokens.input_ids[0].tolist(),
        "embedded": embedded[0, [0, 1, -1]].tolist(),
        "feature": feature.tolist(),
        "score": model.score(prompt, image),
    }


with torch.no_grad():
    model = small_model()
    shapes = [(48, 48, 3), (28, 28, 1), (60, 83, 3)]
    prompts = ["An image of a cat", "a grayscale image of a handwritten digit 0", "the river", "digit " * 50]
    # One of each is enough to tell one image from another and one prompt from another.
    pairs = [(shapes[0], prompt) for prompt in prompts] + [(shape, prompts[1]) for shape in shapes[1:]]
    _, together = model.inference_rank(prompts[1], [picture("picture", *shape) for shape in shapes])
    golden = {
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "transformers": transformers.__version__,
            "timm": timm.__version__,
            "pillow": Image.__version__,
        },
        "preprocessed": [
            preprocessed(shape, 224)
            for shape in [(28, 28, 1), (32, 32, 3), (64, 64, 3), (300, 260, 3), (100, 37, 3), (33, 32, 3), (224, 224, 3)]
        ],
        "sizes": sizes,
        "weights": [[name, list(tensor.shape)] for name, tensor in model.state_dict().items()],
        "scored": [scored(model, shape, prompt) for shape, prompt in pairs],
        "together": together,
    }
json.dump(golden, sys.stdout, separators=(",", ":"))
print()

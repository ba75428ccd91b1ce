"""Writes the transformer that train.py has trained as two ONNX graphs, which share the file of its weights."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PRODUCER = "train.py"
LARGE = 64  # bytes from which a constant goes to the file of the weights


class Graph:
    """Nodes as they are added, each of one output unless it says otherwise, and the constants that they may use."""

    def __init__(self, constants):
        self.nodes = []
        self.constants = dict(constants)

    def add(self, operator, *inputs, outputs=1, **attributes):
        names = [f"{operator}_{len(self.nodes)}.{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def integers(self, *values):
        name = "integers." + ".".join(map(str, values))
        self.constants[name] = np.array(values, np.int64)
        return name

    def number(self, value):
        name = f"number.{value}"
        self.constants[name] = np.array(value, np.int64 if isinstance(value, int) else np.float32)
        return name

    def counted_to(self, tensor, axis):
        """0, 1, … as many as the tensor is long along the axis."""
        length = self.add("Gather", self.add("Shape", tensor), self.number(axis))
        return self.add("Range", self.number(0), length, self.number(1))

    def give(self, tensor, output):
        self.nodes.append(helper.make_node("Identity", [tensor], [output]))


def rotate(graph, x, cosine, sine):
    """[N, T, heads, size]: each half of the last dimension turned by the angles of its position."""
    first, second = graph.add("Split", x, outputs=2, axis=-1)
    turned = graph.add("Concat", graph.add("Neg", second), first, axis=-1)
    return graph.add("Add", graph.add("Mul", x, cosine), graph.add("Mul", turned, sine))


def attend(graph, query, keys, values, mask, size):
    """Softmax of query by keys where the mask is true, times the values: all [N, positions, heads, size]."""
    query = graph.add("Transpose", query, perm=[0, 2, 1, 3])
    keys = graph.add("Transpose", keys, perm=[0, 2, 3, 1])
    values = graph.add("Transpose", values, perm=[0, 2, 1, 3])
    scores = graph.add("Mul", graph.add("MatMul", query, keys), graph.number(float(size**-0.5)))
    masked = graph.add("Where", mask, scores, graph.number(-1e9))
    seen = graph.add("MatMul", graph.add("Softmax", masked, axis=-1), values)
    joined = graph.add("Transpose", seen, perm=[0, 2, 1, 3])
    return graph.add("Reshape", joined, graph.integers(0, 0, -1))


def layers(graph, shape, tokens, positions, mask, past):
    """
    Tokens [N, T] to what the last layer makes of them [N, T, width], and their keys and values,
    [N, T, layers, heads, size]. `past` gives the keys and values of a layer, [N, P, heads, size], that came before.
    """
    width, heads, size = shape["width"], shape["heads"], shape["width"] // shape["heads"]
    angles = [
        graph.add("Unsqueeze", graph.add("Gather", table, positions), graph.integers(-2)) for table in ("cosine", "sine")
    ]
    x = graph.add("Gather", "embedding", tokens)
    keys, values = [], []
    for layer in range(shape["layers"]):
        normal = graph.add("LayerNormalization", x, f"{layer}.attention.scale")
        projected = graph.add("Split", graph.add("MatMul", normal, f"{layer}.projection"), outputs=3, axis=-1)
        query, key, value = (graph.add("Reshape", part, graph.integers(0, 0, heads, size)) for part in projected)
        query, key = rotate(graph, query, *angles), rotate(graph, key, *angles)
        keys.append(graph.add("Unsqueeze", key, graph.integers(2)))
        values.append(graph.add("Unsqueeze", value, graph.integers(2)))
        if past is not None:
            key, value = (graph.add("Concat", before, now, axis=1) for before, now in zip(past(layer), (key, value)))
        seen = attend(graph, query, key, value, mask, size)
        x = graph.add("Add", x, graph.add("MatMul", seen, f"{layer}.output"))
        normal = graph.add("LayerNormalization", x, f"{layer}.perceptron.scale")
        positive = graph.add("Relu", graph.add("MatMul", normal, f"{layer}.up"))
        x = graph.add("Add", x, graph.add("MatMul", graph.add("Mul", positive, positive), f"{layer}.down"))
    return x, graph.add("Concat", *keys, axis=2), graph.add("Concat", *values, axis=2)


def logits_of(graph, x):
    normal = graph.add("LayerNormalization", x, "scale")
    return graph.add("MatMul", normal, graph.add("Transpose", "embedding", perm=[1, 0]))


def prompt_graph(graph, shape):
    """tokens [N, T], of which `length` [N, 1] count: every position sees those up to itself."""
    positions = graph.counted_to("tokens", 1)
    rows = graph.add("Unsqueeze", positions, graph.integers(1))
    mask = graph.add("LessOrEqual", graph.add("Unsqueeze", positions, graph.integers(0)), rows)
    x, keys, values = layers(graph, shape, "tokens", positions, mask, None)
    last = graph.add("GatherND", x, graph.add("Sub", "length", graph.integers(1)), batch_dims=1)
    graph.give(logits_of(graph, last), "logits")
    graph.give(keys, "keys")
    graph.give(values, "values")


def token_graph(graph, shape):
    """The token at position `length`: it sees itself, and of the P keys the first `length`."""

    def past(layer):
        return [graph.add("Gather", name, graph.number(layer), axis=2) for name in ("keys", "values")]

    # Its own key comes last, and counts as position -1, which is below any length.
    indices = graph.add("Concat", graph.counted_to("keys", 1), graph.integers(-1), axis=0)
    mask = graph.add("Unsqueeze", graph.add("Less", indices, "length"), graph.integers(1, 2))
    x, key, value = layers(graph, shape, "token", "length", mask, past)
    graph.give(logits_of(graph, graph.add("Squeeze", x, graph.integers(1))), "logits")
    graph.give(key, "key")
    graph.give(value, "value")


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def write(graph, name, inputs, outputs, path, places):
    """Constants that `places` has are read from its file, the small ones are in the graph."""

    def constant(key, array):
        tensor = numpy_helper.from_array(array, key)
        if key in places:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for entry, content in places[key].items():
                tensor.external_data.add(key=entry, value=str(content))
        return tensor

    used = {name for node in graph.nodes for name in node.input}
    constants = [constant(key, array) for key, array in graph.constants.items() if key in used]
    made = helper.make_graph(graph.nodes, name, inputs, outputs, constants)
    model = helper.make_model(made, producer_name=PRODUCER, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    path.write_bytes(model.SerializeToString(deterministic=True))
    onnx.checker.check_model(path, full_check=True)


def write_weights(weights, path):
    """One array after another, each at a multiple of 64 bytes. Returns where each is."""
    places, content = {}, b""
    for key, array in weights.items():
        places[key] = {"location": path.name, "offset": len(content), "length": array.nbytes}
        content += array.astype("<f4").tobytes()
        content += bytes(-len(content) % 64)
    path.write_bytes(content)
    return places


def write_graphs(weights, shape, folder):
    places = write_weights(weights, folder / "weights.bin")
    tokens, width = weights["embedding"].shape
    cache = [shape["layers"], shape["heads"], width // shape["heads"]]
    int64 = TensorProto.INT64

    graph = Graph(weights)
    prompt_graph(graph, shape)
    write(
        graph,
        "prompt",
        [value("tokens", ["N", "T"], int64), value("length", ["N", 1], int64)],
        [value("logits", ["N", tokens]), value("keys", ["N", "T", *cache]), value("values", ["N", "T", *cache])],
        folder / "prompt.onnx",
        places,
    )
    graph = Graph(weights)
    token_graph(graph, shape)
    write(
        graph,
        "token",
        [
            value("token", ["N", 1], int64),
            value("length", ["N", 1], int64),
            value("keys", ["N", "P", *cache]),
            value("values", ["N", "P", *cache]),
        ],
        [value("logits", ["N", tokens]), value("key", ["N", 1, *cache]), value("value", ["N", 1, *cache])],
        folder / "token.onnx",
        places,
    )

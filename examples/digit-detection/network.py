"""The detector: the network as it is trained, and as it is written.

It is trained in the layout NHWC, which is faster here; ONNX has NCHW.
"""

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import scenes

STRIDE = 8  # pixels; the side of a cell
CHANNELS = 48
BLOCKS = 4

# name, kernel, stride, channels in and out
LAYERS = [
    ("conv1", 4, 4, 1, 32),
    ("conv2", 3, 1, 32, 32),
    ("conv3", 3, 2, 32, CHANNELS),
    *((f"block{i + 1}.{half}", 3, 1, CHANNELS, CHANNELS) for i in range(BLOCKS) for half in "ab"),
    ("objectness", 1, 1, CHANNELS, 1),
    ("classes", 1, 1, CHANNELS, scenes.CLASSES),
    ("offset", 1, 1, CHANNELS, 2),
    ("size", 1, 1, CHANNELS, 2),
]
STEM = ["conv1", "conv2", "conv3"]
STRIDES = {name: stride for name, _, stride, _, _ in LAYERS}


def initial_weights(random):
    weights = {}
    for name, kernel, _, before, after in LAYERS:
        # A block begins as almost nothing but its shortcut, and the heads begin at almost the same value everywhere.
        gain = 0.1 if name.endswith(".b") or kernel == 1 else 1
        spread = gain * np.sqrt(2 / (kernel * kernel * before))
        weights[f"{name}.weight"] = jnp.asarray(random.normal(0, spread, (kernel, kernel, before, after)), jnp.float32)
        weights[f"{name}.bias"] = jnp.zeros(after)
    weights["objectness.bias"] = jnp.full(1, -4.0)  # few cells stand for a digit
    weights["size.bias"] = jnp.full(2, np.log(32 / STRIDE), jnp.float32)
    return weights


def padding(weight):
    """Keeps the size where the kernel is odd; the first one, 4x4 pixels, takes its pixels side by side."""
    kernel = weight.shape[0]
    return kernel // 2 if kernel % 2 else 0


def outputs(weights, image):
    """Raw values of each cell: objectness and classes as logits, the offset in cells, the size as logarithm of cells."""

    def convolve(name, x):
        weight, stride = weights[f"{name}.weight"], STRIDES[name]
        pad = padding(weight)
        convolved = jax.lax.conv_general_dilated(
            x, weight, (stride, stride), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return convolved + weights[f"{name}.bias"]

    x = image
    for name in STEM:
        x = jax.nn.relu(convolve(name, x))
    for i in range(BLOCKS):
        inner = jax.nn.relu(convolve(f"block{i + 1}.a", x))
        x = jax.nn.relu(x + convolve(f"block{i + 1}.b", inner))
    return [convolve(name, x) for name in ["objectness", "classes", "offset", "size"]]


def write_onnx(weights, path):
    """Sizes are symbolic. Classes sum to 1, objectness is a probability as well, boxes are in pixels."""
    nodes = []

    def add(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def convolve(name, x):
        pads = [padding(weights[f"{name}.weight"])] * 4
        inputs = [x, f"{name}.weight", f"{name}.bias"]
        return add("Conv", inputs, f"{name}.out", strides=[STRIDES[name]] * 2, pads=pads)

    x = "image"
    for name in STEM:
        x = add("Relu", [convolve(name, x)], f"{name}.relu")
    for i in range(BLOCKS):
        block = f"block{i + 1}"
        inner = add("Relu", [convolve(f"{block}.a", x)], f"{block}.a.relu")
        both = add("Add", [x, convolve(f"{block}.b", inner)], f"{block}.sum")
        x = add("Relu", [both], f"{block}.relu")
    add("Sigmoid", [convolve("objectness", x)], "objectness")
    add("Softmax", [convolve("classes", x)], "classes", axis=1)
    offset = add("Mul", [convolve("offset", x), "stride"], "offset")
    cells = add("Exp", [convolve("size", x)], "size.cells")
    add("Concat", [offset, add("Mul", [cells, "stride"], "size")], "boxes", axis=1)
    save(nodes, weights, path)


def save(nodes, weights, path):
    initializers = [numpy_helper.from_array(np.array(STRIDE, np.float32), "stride")]
    for name, value in weights.items():
        layout = value.transpose(3, 2, 0, 1) if name.endswith(".weight") else value
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(layout), name))

    def values(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])

    graph = helper.make_graph(
        nodes,
        "detector",
        [values("image", 1, "height", "width")],
        [
            values(name, count, "rows", "columns")
            for name, count in [("objectness", 1), ("classes", scenes.CLASSES), ("boxes", 4)]
        ],
        initializers,
    )
    model = helper.make_model(
        graph, producer_name="train.py", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))

"""A model of next to nothing: what a request costs with it is what we add."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 64
ANCHORS = 21
CLASSES = 2


def write_null_model(path: Path) -> None:
    """A v8-style detector of 64 x 64 pixels and 21 anchors that sees one object, whatever the picture."""
    head = np.zeros((1, 4 + CLASSES, ANCHORS), np.float32)
    head[0, :5, 0] = (32, 32, 20, 20, 0.9)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["head", "nothing"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "nothing",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, list(head.shape))],
        [numpy_helper.from_array(head, "head"), numpy_helper.from_array(np.zeros((), np.float32), "zero")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in {"task": "detect", "names": "{0: 'thing', 1: 'other'}", "imgsz": f"[{SIZE}, {SIZE}]"}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, path)

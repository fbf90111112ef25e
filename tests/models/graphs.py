"""ONNX graphs for tests, and the signatures of graphs that nobody needs to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from models.session import Port, Signature

Shape = Sequence[int | str | None]


def signature(images: Shape, *outputs: Shape, **metadata: str) -> Signature:
    """What a graph of these shapes takes and gives; names stand for lengths that vary."""
    ports = tuple(_port(f"output{index}", shape) for index, shape in enumerate(outputs))
    return Signature((_port("images", images),), ports, metadata)


def write_graph(
    path: Path,
    nodes: Sequence[NodeProto],
    images: Shape,
    output: Shape,
    constants: Mapping[str, npt.NDArray[np.float32]] | None = None,
    **metadata: str,
) -> Path:
    """A graph from `images` to `output`, both float32, with `constants` by name."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, list(images))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, list(output))],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


def write_detector(path: Path, batch: int | str, rows: Sequence[Sequence[float]], side: int | str = 32) -> Path:
    """A graph that gives `rows` (x1, y1, x2, y2, score, class), all times the brightest value of each picture."""
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["lines"], axes=[3], keepdims=0),
        helper.make_node("ReduceMax", ["lines"], ["brightest"], axes=[1, 2], keepdims=1),
        helper.make_node("Mul", ["brightest", "rows"], ["output"]),
    ]
    constants = {"rows": np.array([rows], np.float32)}
    return write_graph(path, nodes, [batch, 3, side, side], [batch, len(rows), 6], constants)


def write_classifier(path: Path, batch: int | str, side: int = 8) -> Path:
    """A graph of three classes, whose logits are the means of the three channels."""
    mean = helper.make_node("ReduceMean", ["images"], ["output"], axes=[2, 3], keepdims=0)
    return write_graph(path, [mean], [batch, 3, side, side], [batch, 3])


def _port(name: str, shape: Shape) -> Port:
    return Port(name, tuple(length if isinstance(length, int) else None for length in shape), "float32")

"""Graphs are loaded, described and run; those that are broken or reach for other files are refused."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engine.errors import ModelArtefactError, ModelInputError, OnnxProviderNotAvailable
from models.session import CPU, OrtSession, Port, _load, _reason, _usable, gpu_report
from tests.models.graphs import write_detector

CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
ROWS = [[0, 0, 10, 20, 0.5, 1]]


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    return write_detector(tmp_path / "detector.onnx", "batch", ROWS)


def test_signature(detector: Path) -> None:
    graph = onnx.load(detector)
    helper.set_model_props(graph, {"task": "detect"})
    onnx.save(graph, detector)
    signature = OrtSession(detector).signature
    assert signature.inputs == (Port("images", (None, 3, 32, 32), "float32"),)
    assert signature.outputs == (Port("output", (None, 1, 6), "float32"),)
    assert signature.metadata == {"task": "detect"}


def test_run(detector: Path) -> None:
    images = np.zeros((2, 3, 32, 32), np.float32)
    images[1, 0, 5, 5] = 0.5
    (output,) = OrtSession(detector, threads=1).run({"images": images})
    np.testing.assert_array_equal(output, [[[0] * 6], [[0, 0, 5, 10, 0.25, 0.5]]])


def test_many_threads_run_one_session(detector: Path) -> None:
    session = OrtSession(detector)

    def score(light: float) -> float:
        return float(session.run({"images": np.full((1, 3, 32, 32), light, np.float32)})[0][0, 0, 4])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(score, range(64))) == [light / 2 for light in range(64)]


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 3, 16, 32), np.float32),
        np.zeros((3, 32, 32), np.float32),
        np.zeros((1, 3, 32, 32), np.float64),
    ],
)
def test_what_the_graph_does_not_take_is_refused(
    detector: Path, images: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> None:
    with pytest.raises(ModelInputError) as caught:
        OrtSession(detector).run({"images": images})
    given = f"{images.dtype} [{', '.join(map(str, images.shape))}]"
    assert caught.value.message == f"The model takes float32 [any, 3, 32, 32], but was given {given}."


def test_idle_threads_do_not_spin(detector: Path) -> None:
    options = OrtSession(detector, threads=3)._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.intra_op_num_threads == 3


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, None])
def test_broken_weights_are_refused(tmp_path: Path, content: bytes | None) -> None:
    weights = tmp_path / "weights.onnx"
    if content is not None:
        weights.write_bytes(content)
    with pytest.raises(ModelArtefactError) as caught:
        OrtSession(weights)
    assert "'weights.onnx'" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_data_beside_the_graph_is_read(tmp_path: Path) -> None:
    path = _write_external(tmp_path / "model", "weights.bin")
    np.arange(4, dtype=np.float32).tofile(path.parent / "weights.bin")
    (output,) = OrtSession(path).run({"x": np.ones(4, np.float32)})
    np.testing.assert_array_equal(output, [1, 2, 3, 4])


@pytest.mark.parametrize(
    "location",
    [
        "../secret.bin",
        "below/../../secret.bin",
        "{folder}/secret.bin",
        "link.bin",
        "*/_ORT_MEM_ADDR_/*",
    ],
)
def test_data_elsewhere_is_refused(tmp_path: Path, location: str) -> None:
    secret = tmp_path / "secret.bin"
    np.arange(4, dtype=np.float32).tofile(secret)
    path = _write_external(tmp_path / "model", location.format(folder=tmp_path))
    (path.parent / "below").mkdir()
    (path.parent / "link.bin").symlink_to(secret)
    with pytest.raises(ModelArtefactError) as caught:
        OrtSession(path)
    assert "secret" not in str(caught.value)


def _write_external(folder: Path, location: str) -> Path:
    """A graph that adds to its input what lies in another file."""
    folder.mkdir()
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        weights.external_data.add(key=key, value=value)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "test", ports[:1], ports[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("driver", [False, True])
def test_loading_prints_nothing(detector: Path, driver: bool) -> None:
    """Neither where no GPU is tried, nor where one is tried and its libraries may be missing."""
    code = (
        "import sys, pathlib, models.session as session;"
        f"session._has_nvidia_driver = lambda: {driver};"
        "session.OrtSession(pathlib.Path(sys.argv[1]), providers=sys.argv[2:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(detector), TENSORRT, CUDA], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_module_does_not_import_onnx_runtime() -> None:
    code = "import sys, models.session; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_cpu_by_choice(detector: Path) -> None:
    session = OrtSession(detector, providers=(CPU,), required=(CPU,))
    assert session.device == CPU
    assert session.reason == "The settings ask for the CPU only."


def test_a_required_provider_that_is_absent_is_an_error(detector: Path) -> None:
    with pytest.raises(OnnxProviderNotAvailable, match="NoSuchExecutionProvider cannot be used") as caught:
        OrtSession(detector, providers=("NoSuchExecutionProvider",), required=("NoSuchExecutionProvider",))
    assert caught.value.hint == "This build of ONNX Runtime has no NoSuchExecutionProvider."


@pytest.mark.parametrize(
    ("requested", "available", "driver", "device", "reason"),
    [
        ((CUDA, CPU), (CUDA, CPU), True, CUDA, None),
        ((CPU,), (CUDA, CPU), True, CPU, "The settings ask for the CPU only."),
        ((), (CUDA, CPU), True, CPU, "The settings ask for the CPU only."),
        ((CUDA, CPU), (CPU,), True, CPU, f"This build of ONNX Runtime has no {CUDA}."),
        ((TENSORRT, CUDA), (CPU,), True, CPU, f"This build of ONNX Runtime has no {TENSORRT} or {CUDA}."),
        ((TENSORRT, CUDA), (CUDA, CPU), False, CPU, "This machine has no NVIDIA driver."),
        (
            (TENSORRT, CUDA),
            (TENSORRT, CUDA, CPU),
            True,
            CPU,
            f"{TENSORRT} and {CUDA} could not start: CUDA or cuDNN libraries are missing, or do not fit.",
        ),
    ],
)
def test_reason(
    requested: tuple[str, ...], available: tuple[str, ...], driver: bool, device: str, reason: str | None
) -> None:
    assert _reason(requested, available, driver, device) == reason


def test_usable_providers() -> None:
    available = (TENSORRT, CUDA, CPU)
    assert _usable((TENSORRT, CUDA), available, driver=True) == [TENSORRT, CUDA, CPU]
    assert _usable((TENSORRT, CUDA), available, driver=False) == [CPU]
    assert _usable((CPU, CUDA), available, driver=True) == [CPU, CUDA]
    assert _usable(("CoreMLExecutionProvider", CPU), available, driver=True) == [CPU]
    assert _usable(("CoreMLExecutionProvider",), ("CoreMLExecutionProvider", CPU), driver=False) == [
        "CoreMLExecutionProvider",
        CPU,
    ]


def test_a_provider_that_does_not_start_makes_way_for_the_next() -> None:
    def start(weights: Path, options: object, providers: list[str], enable_fallback: int) -> str:
        if providers[0] == TENSORRT:
            raise RuntimeError("no TensorRT libraries")
        return providers[0]

    runtime = SimpleNamespace(InferenceSession=start)
    assert _load(runtime, Path("weights.onnx"), None, [TENSORRT, CUDA, CPU]) == CUDA


def test_gpu_report() -> None:
    report = gpu_report((CPU,))
    assert report[1:] == [f"Models run on {CPU}.", "Not on a GPU: The settings ask for the CPU only."]
    assert CPU in report[0]

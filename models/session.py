"""A loaded graph: tensors in, tensors out. The only file that knows ONNX Runtime."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from engine.errors import ModelArtefactError, ModelInputError, OnnxProviderNotAvailable

Tensor = npt.NDArray[Any]

CPU = "CPUExecutionProvider"
DEFAULT_PROVIDERS = ("CUDAExecutionProvider", CPU)
NVIDIA_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")
NVIDIA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
FATAL = 4


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a graph.

    Attributes:
        name: in the graph.
        shape: the length of each axis; None where it may vary.
        dtype: of the elements, by NumPy's name, such as `float32`.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join('any' if length is None else str(length) for length in self.shape)}]"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a graph takes and gives, and the metadata that its maker left in it."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]


class Session(Protocol):
    """A loaded graph; many threads may run it at once."""

    @property
    def signature(self) -> Signature:
        """What it takes and gives."""
        ...

    @property
    def device(self) -> str:
        """The execution provider that runs it, such as `CPUExecutionProvider`."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it is not on a GPU; None when it is."""
        ...

    def run(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """All outputs, in the order of the signature.

        Raises:
            ModelInputError: the graph does not take tensors of this shape or dtype.
        """
        ...


class OrtSession:
    """A graph in ONNX Runtime.

    Data outside of the `.onnx` file must lie in its folder or below: ONNX Runtime, since 1.24, refuses absolute paths,
    `..`, links that lead out, and memory addresses.

    Args:
        weights: the `.onnx` file.
        providers: execution providers by falling preference; those that cannot work here are left out, and the CPU is
            always the last resort.
        required: execution providers that must be in use.
        threads: for one run of the graph; None lets ONNX Runtime take as many as there are cores.

    Raises:
        ModelArtefactError: the file cannot be loaded.
        OnnxProviderNotAvailable: a required provider is absent.
    """

    def __init__(
        self,
        weights: Path,
        *,
        providers: Sequence[str] = DEFAULT_PROVIDERS,
        required: Sequence[str] = (),
        threads: int | None = None,
    ) -> None:
        import onnxruntime as ort  # noqa: PLC0415 - heavy, and most commands of the CLI never need it
        from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument  # noqa: PLC0415

        # What goes wrong is raised or told by `reason`; the log would repeat it on stderr, with paths.
        ort.set_default_logger_severity(FATAL)
        available = ort.get_available_providers()
        driver = _has_nvidia_driver()
        self._session = _load(ort, weights, _options(ort, threads), _usable(providers, available, driver))
        self._refusal = InvalidArgument
        in_use = self._session.get_providers()
        absent = [name for name in required if name not in in_use]
        self.device: str = in_use[0]
        self.reason = _reason(providers, available, driver, self.device)
        if absent:
            raise OnnxProviderNotAvailable(f"{' and '.join(absent)} cannot be used.", hint=self.reason)
        self.signature = Signature(
            inputs=tuple(_port(node) for node in self._session.get_inputs()),
            outputs=tuple(_port(node) for node in self._session.get_outputs()),
            metadata=dict(self._session.get_modelmeta().custom_metadata_map),
        )
        self._outputs = [port.name for port in self.signature.outputs]

    def run(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """See `Session.run`."""
        try:
            outputs: list[Tensor] = self._session.run(self._outputs, dict(inputs))
        except self._refusal as error:
            takes = " and ".join(str(port) for port in self.signature.inputs)
            given = " and ".join(str(Port(name, item.shape, str(item.dtype))) for name, item in inputs.items())
            raise ModelInputError(f"The model takes {takes}, but was given {given}.") from error
        return outputs


def gpu_report(providers: Sequence[str]) -> list[str]:
    """Lines for people: what this ONNX Runtime is built for, and on which of `providers` models will be tried first."""
    import onnxruntime as ort  # noqa: PLC0415 - heavy

    available = ort.get_available_providers()
    driver = _has_nvidia_driver()
    first = _usable(providers, available, driver)[0]
    reason = _reason(providers, available, driver, first)
    lines = [f"ONNX Runtime {ort.__version__} is built for {', '.join(available)}.", f"Models run on {first}."]
    return [*lines, f"Not on a GPU: {reason}"] if reason else lines


def _options(ort: Any, threads: int | None) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    if threads is not None:
        options.intra_op_num_threads = threads
    # Threads that spin while they wait for the next run would keep the cores of an idle server busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _load(ort: Any, weights: Path, options: Any, providers: list[str]) -> Any:
    """A session on the first of `providers` that starts; ONNX Runtime's own way of falling back prints to stdout."""
    for first in range(len(providers)):
        try:
            return ort.InferenceSession(weights, options, providers=providers[first:], enable_fallback=0)
        except Exception as error:  # noqa: BLE001 - the errors of ONNX Runtime have no other base
            failure = error
    raise ModelArtefactError(
        f"The weights {weights.name!r} cannot be loaded.",
        hint="They are no ONNX graph, are damaged, use operators that are unknown here, or refer to other files.",
    ) from failure


def _usable(requested: Sequence[str], available: Sequence[str], driver: bool) -> list[str]:
    """The execution providers worth a try, by falling preference, with the CPU as the last resort."""
    tried = [name for name in requested if name in available and (driver or name not in NVIDIA_PROVIDERS)]
    return list(dict.fromkeys([*tried, CPU]))


def _has_nvidia_driver() -> bool:
    """Whether CUDA can start at all: to ask costs a millisecond, a start that fails costs fifty."""
    try:
        ctypes.CDLL(NVIDIA_DRIVER)
    except OSError:
        return False
    return True


def _reason(requested: Sequence[str], available: Sequence[str], driver: bool, device: str) -> str | None:
    """Why `device` is the CPU, or None when it is not."""
    if device != CPU:
        return None
    wanted = [name for name in requested if name != CPU]
    if not wanted:
        return "The settings ask for the CPU only."
    built = [name for name in wanted if name in available]
    if not built:
        return f"This build of ONNX Runtime has no {' or '.join(wanted)}."
    if not driver and all(name in NVIDIA_PROVIDERS for name in built):
        return "This machine has no NVIDIA driver."
    return f"{' and '.join(built)} could not start: CUDA or cuDNN libraries are missing, or do not fit."


def _port(node: Any) -> Port:
    element = node.type.removeprefix("tensor(").removesuffix(")")
    dtype = {"float": "float32", "double": "float64"}.get(element, element)
    shape = tuple(length if isinstance(length, int) else None for length in node.shape)
    return Port(node.name, shape, dtype)

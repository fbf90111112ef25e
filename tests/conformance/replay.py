"""Replaying the corpus: every definition is compiled, every run is run, and what differs is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from api.server import build
from api.settings import Settings
from blocks.python.block import python_blocks
from engine import errors
from engine.compiler.embed import INNER_TYPE
from engine.engine import Engine
from engine.errors import PenstockError, WorkflowSyntaxError
from engine.plan import Plan, PlannedOutput
from engine.registry import Registry, blocks_under
from models.model import Model
from models.pool import ModelPool
from models.providers import installed_providers, loader
from tests.conformance import comparison
from tests.conformance.corpus import Definition, Recording, definitions, recordings

THE_MODEL = "null"
SETTINGS: dict[str, Any] = {
    "OFFLINE_MODE": True,
    "ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES": True,
    "PENSTOCK_WORKFLOW_VARIABLES": ("NON_EXISTING_ENV_VARIABLE",),
    "ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS": True,
}
"""As the workflows of the corpus expect it."""

INNER_NAMES = str.maketrans({".": "__"})
"""Steps of inner workflows are called `inner.step` here and `inner__step` in the corpus."""


@dataclass
class Findings:
    """What a replay found.

    Attributes:
        agreed: ids of what is as expected.
        differing: what is not, by id, in words.
        lacking: ids of what needs blocks that are not here, by the types of those blocks.
        not_refused: ids of what needs such blocks and was not refused for it.
    """

    agreed: list[str] = field(default_factory=list)
    differing: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_refused: dict[str, str] = field(default_factory=dict)

    def agreement(self) -> float:
        """The share that is as expected, of what needs no blocks that are not here."""
        return len(self.agreed) / max(1, len(self.agreed) + len(self.differing))

    def lacking_types(self) -> Counter[str]:
        """How often each type of block is lacking."""
        return Counter(chain.from_iterable(self.lacking.values()))

    def note(self, id: str, differs: str | None) -> None:
        """Sort one result in."""
        if differs is None:
            self.agreed.append(id)
        else:
            self.differing[id] = differs


class OneModelPool(ModelPool):
    """A pool in which every id is that of one small model: what was recorded does not depend on weights."""

    @contextmanager
    def lease(self, model_id: str) -> Iterator[Model]:
        """The one model."""
        with super().lease(THE_MODEL) as model:
            yield model


class Replay:
    """Engines that have the blocks of the corpus, one for every set of plugins.

    Args:
        models_dir: a folder with the one model.
    """

    def __init__(self, models_dir: Path) -> None:
        self._server = build(Settings(**SETTINGS, MODELS_DIR=models_dir))
        self._models = OneModelPool(
            installed_providers(models_dir, offline=True), loader(("CPUExecutionProvider",), (), 8)
        )
        self._engines: dict[tuple[str, ...], Engine] = {}

    def close(self) -> None:
        """End the processes of Python blocks."""
        self._server.close()

    def engine(self, plugins: tuple[str, ...]) -> Engine:
        """The engine with the blocks that ship and those of some plugins."""
        if plugins not in self._engines:
            packages = ("blocks", *(f"tests.conformance.stubs.{name}" for name in plugins))
            found = chain.from_iterable(blocks_under(name) for name in packages)
            registry = Registry(found, python_blocks(self._server.python))
            resources = {**self._server.engine._resources, "models": self._models}
            self._engines[plugins] = Engine(registry, self._server.images, resources)
        return self._engines[plugins]

    def definitions(self) -> Findings:
        """Compile everything of which something is expected."""
        findings = Findings()
        for item in definitions().values():
            if item.expected is None:
                continue
            lacking = self._lacking(item)
            if lacking and item.expected.get("error") != "WorkflowSyntaxError":
                self._note_refusal(findings, item, lacking)
            else:
                findings.note(item.id, self._compiled(item))
        return findings

    def runs(self) -> Findings:
        """Run everything that was recorded."""
        findings = Findings()
        for item in recordings():
            lacking = self._lacking(item.definition)
            if lacking:
                findings.lacking[item.id] = lacking
            else:
                findings.note(item.id, self._ran(item))
        return findings

    def _lacking(self, item: Definition) -> tuple[str, ...]:
        known = {*self.engine(item.plugins).registry.by_identifier, INNER_TYPE, *_brought(item.document)}
        return tuple(sorted({name for name in _types(item.document) if name not in known}))

    def _note_refusal(self, findings: Findings, item: Definition, lacking: tuple[str, ...]) -> None:
        findings.lacking[item.id] = lacking
        try:
            self.engine(item.plugins).plan(item.document)
        except WorkflowSyntaxError:
            return
        except PenstockError as error:
            findings.not_refused[item.id] = f"{type(error).__name__}: {error}"
        else:
            findings.not_refused[item.id] = "it compiles"

    def _compiled(self, item: Definition) -> str | None:
        """How the plan of a definition, or its refusal, differs from what is expected."""
        expected = item.expected or {}
        try:
            plan = self.engine(item.plugins).plan(item.document)
        except PenstockError as error:
            return _refusal(tuple(expected.get("error_mro", ())), error)
        except Exception as error:  # noqa: BLE001 - a crash is a finding like any other
            return f"crashed with {type(error).__name__}: {error}"
        if expected["status"] == "error":
            return f"expected {expected['error']}, but it compiles"
        return _depths(plan, expected["nodes"])

    def _ran(self, item: Recording) -> str | None:
        """How a run differs from what was recorded."""
        engine = self.engine(item.definition.plugins)
        try:
            result = engine.run(engine.plan(item.definition.document), comparison.decoded(item.params), wire=item.wire)
        except PenstockError as error:
            return _refusal(item.error_family, error)
        except Exception as error:  # noqa: BLE001 - a crash is a finding like any other
            return f"crashed with {type(error).__name__}: {error}"
        if item.error_family:
            return f"expected {item.error_family[0]}, but it runs"
        return comparison.difference(item.result, result)


def _types(document: Any) -> Iterator[str]:
    """The types of the steps of a document, however malformed it is."""
    steps = document.get("steps") if isinstance(document, dict) else None
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and isinstance(step.get("type"), str):
            yield step["type"]
            yield from _types(step.get("workflow_definition"))


def _brought(document: Any) -> Iterator[str]:
    """The types of the Python blocks that a document brings along."""
    definitions = document.get("dynamic_blocks_definitions") if isinstance(document, dict) else None
    for definition in definitions or ():
        if isinstance(definition, dict):
            yield definition["manifest"]["block_type"]


def _refusal(family: tuple[str, ...], error: PenstockError) -> str | None:
    """How an error differs from the expected one: it has to be the nearest of the family that is known here."""
    wanted = next((getattr(errors, name) for name in family if hasattr(errors, name)), PenstockError)
    if family and isinstance(error, wanted):
        return None
    return f"expected {family[0] if family else 'success'}, got {type(error).__name__}: {error}"


def _depths(plan: Plan, nodes: dict[str, Any]) -> str | None:
    """How the nesting of steps and outputs differs from what is expected."""
    ours = {f"$steps.{step.name.translate(INNER_NAMES)}": plan.axes[step.writes_axis].depth for step in plan.steps}
    ours |= {f"$outputs.{output.name}": _depth(plan, output) for output in plan.outputs}
    wanted = {name: node["dim"] for name, node in nodes.items() if not name.startswith("$inputs.")}
    if ours.keys() != wanted.keys():
        return f"expected the nodes {sorted(wanted)}, got {sorted(ours)}"
    wrong = [name for name, depth in ours.items() if depth != wanted[name]]
    return "; ".join(f"{name}: expected the depth {wanted[name]}, got {ours[name]}" for name in wrong) or None


def _depth(plan: Plan, output: PlannedOutput) -> int:
    """How deep an output is nested; a wildcard as deep as the deepest of what it shows."""
    return max((plan.axes[column.axis].depth for column in output.columns), default=0)

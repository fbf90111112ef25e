"""The one door to the engine: compile a workflow once, run it many times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any

import orjson

from engine.compiler import compile_workflow
from engine.compiler.embed import InnerLimits, LookUp, embed, is_inner
from engine.compiler.parse import parse_workflow
from engine.control import Control
from engine.crew import Crew
from engine.errors import BlockInterfaceError, WorkflowDefinitionError
from engine.inputs import Decode, bind
from engine.outputs import collect
from engine.phase import Phase, during
from engine.plan import Plan
from engine.registry import Registry
from engine.report import Report
from engine.run import CONSOLE, MUTED, STATE, Run
from engine.signature import Output
from engine.skips import explain_skips
from engine.state import Memory
from engine.wire.decode import decoder
from engine.wire.encode import encode
from engine.wire.read_image import ImageLoader

MAX_CACHED_PLANS = 256
MAX_CACHED_BYTES = 2**20
"""Plans of larger definitions are compiled anew each time, so that the cache cannot fill the memory."""
MAX_CACHED_TOTAL = 8 * MAX_CACHED_BYTES
"""Bytes of the definitions of all plans that are kept."""
OF_THE_RUN = frozenset({CONSOLE, MUTED, STATE})
"""Resources that a run hands over itself, so that no server has to."""
PART_EVENT = "workflow_execution.part"


class Engine:
    """Compiles and runs workflows; safe to use from many threads.

    Args:
        registry: the blocks that workflows may use.
        images: how pictures that callers send are loaded.
        resources: what blocks ask for by the names of their keyword-only parameters.
        workflows: looks up inner workflows that are named by workspace and id; None where nothing is stored.
        inner: how many inner workflows may be, and how deep.
    """

    def __init__(
        self,
        registry: Registry,
        images: ImageLoader,
        resources: Mapping[str, Any],
        workflows: LookUp | None = None,
        inner: InnerLimits | None = None,
    ) -> None:
        for block in registry.blocks:
            lacking = block.signature.resources - resources.keys() - OF_THE_RUN
            if lacking:
                raise BlockInterfaceError(f"The block {block.type} asks for {min(lacking)!r}, which nobody hands over.")
        self.registry = registry
        self._decode = decoder(images)
        self._resources = resources
        self._crew = Crew(registry.blocks)
        self._workflows = workflows
        self._inner = inner
        # Each with the size of its definition; what was asked for least recently comes first.
        self._plans: OrderedDict[bytes, tuple[Plan, int]] = OrderedDict()
        self._lock = Lock()

    def plan(self, definition: Any) -> Plan:
        """The plan of a workflow, compiled at the first sight of its content; raises what the compiler raises.

        Its content is that of the stored workflows in it, too, so that a change of them takes effect at once.
        """
        json, key = self._content(definition)
        with self._lock:
            kept = self._plans.get(key)
            if kept is not None:
                self._plans.move_to_end(key)
                return kept[0]
        # What the key was made of, so that a plan shares nothing with the caller, who may change what is theirs.
        plan = compile_workflow(orjson.loads(json), self.registry)
        if len(json) <= MAX_CACHED_BYTES:
            with self._lock:
                self._plans[key] = plan, len(json)
                total = sum(size for _, size in self._plans.values())
                while len(self._plans) > MAX_CACHED_PLANS or total > MAX_CACHED_TOTAL:
                    total -= self._plans.popitem(last=False)[1][1]
        return plan

    def fingerprint(self, definition: Any) -> bytes:
        """A digest of a workflow with the stored ones in it; raises what `embed` raises."""
        return self._content(definition)[1]

    def _content(self, definition: Any) -> tuple[bytes, bytes]:
        """A workflow with the stored ones in it as JSON, and the digest of that."""
        json = _json(embed(definition, self._workflows, self._inner))
        return json, blake2b(json, digest_size=16).digest()

    def run(
        self,
        plan: Plan,
        inputs: Mapping[str, Any],
        *,
        wire: bool = False,
        excluded: Collection[str] = (),
        memory: Memory | None = None,
        control: Control | None = None,
        report: Report | None = None,
        muted: bool = False,
    ) -> list[dict[str, Any]]:
        """Run a plan.

        Args:
            inputs: values by the names of the workflow's inputs; never changed. Pictures may be given as they travel,
                as `Image` or as arrays of height x width x 3 bytes in blue, green, red order.
            wire: whether results are in the form in which they travel, or as blocks return them.
            excluded: outputs to leave out.
            memory: what the steps remember of earlier runs; without it a run starts from nothing.
            control: stops the run; without it, it takes as long as it takes.
            report: notes what it was asked to note about the run.
            muted: whether sinks keep still: they write no file and send nothing.

        Returns:
            One dict of outputs per element of the input batch, or a single one; see `collect`.

        Raises:
            RuntimeInputError: the inputs do not fit the workflow or each other, or a value does not fit a step.
            InvalidBlockBehaviourError: a block returned something else than it declares.
            InputImageLoadError: a picture cannot be loaded.
            StepExecutionError, ClientCausedStepExecutionError: a block failed.
            RunTimeoutError, RunCancelledError: `control` said stop.
            DynamicBlockCodeError: the code of a Python block failed.
        """
        report, control = report or Report(), control or Control()
        control.start()
        resources = {**self._resources, MUTED: muted}
        with report.time("inputs", PART_EVENT), during(Phase.INPUTS):
            table = bind(plan, inputs, self._decoding(control))
            run = Run(plan, table, resources, memory or Memory(), self._crew, control, report)
        with report.time("steps", PART_EVENT), during(Phase.STEPS):
            run.execute()
        if report.debug:
            report.skipped = explain_skips(plan, table)
        with report.time("outputs", PART_EVENT), during(Phase.OUTPUTS):
            return collect(plan, table, encode if wire else None, control.budget, excluded)

    def _decoding(self, control: Control) -> Decode:
        """What decodes the inputs of a run, as long as it may go on: each of them may have to be fetched."""

        def decode(kinds: tuple[str, ...], value: Any, name: str) -> Any:
            decoded = self._decode(kinds, value, name)
            control.hold(decoded)
            return decoded

        return decode

    def outputs_of(self, step: Any) -> Mapping[str, Output]:
        """The outputs of one step by itself; WorkflowSyntaxError when it is none, or its literals do not fit."""
        alone = orjson.loads(_json({"version": "1.0", "inputs": [], "steps": [step], "outputs": []}))
        if is_inner(step):
            whole = embed(alone, self._workflows, self._inner)
            return _outputs_as_step(self.plan(whole["steps"][0]["workflow_definition"]))
        return parse_workflow(alone, self.registry).steps[step["name"]].outputs

    def close(self) -> None:
        """Let go of the threads that help runs, once they are done."""
        self._crew.close()


def _outputs_as_step(plan: Plan) -> dict[str, Output]:
    """The outputs that a workflow has as a step of another one."""
    return {
        output.name: Output(output.name, ("dictionary",) if output.wildcard else output.columns[0].kinds)
        for output in plan.outputs
    }


def _json(definition: Any) -> bytes:
    """A definition as JSON; WorkflowDefinitionError when it cannot be written so."""
    try:
        return orjson.dumps(definition)
    except orjson.JSONEncodeError as error:
        raise WorkflowDefinitionError(f"A workflow definition is JSON: {error}.", context=Phase.PARSING) from error

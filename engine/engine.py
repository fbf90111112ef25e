"""The one door to the engine: compile a workflow once, run it many times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any

import orjson

from engine.compiler import compile_workflow
from engine.compiler.parse import parse
from engine.compiler.read import CONTEXT
from engine.errors import BlockError, BlockInterfaceError, WorkflowDefinitionError, WorkflowSyntaxError
from engine.guard.images import ImageLoader
from engine.inputs import bind
from engine.outputs import collect
from engine.plan import Plan
from engine.registry import Registry
from engine.run import STATE, Run
from engine.signature import Output
from engine.state import Memory
from engine.wire.decode import decoder
from engine.wire.encode import encode

MAX_CACHED_PLANS = 256


class Engine:
    """Compiles and runs workflows; safe to use from many threads.

    Args:
        registry: the blocks that workflows may use.
        images: how pictures that callers send are loaded.
        resources: what blocks ask for by the names of their keyword-only parameters.
    """

    def __init__(self, registry: Registry, images: ImageLoader, resources: Mapping[str, Any]) -> None:
        for block in registry.blocks:
            lacking = block.signature.resources - resources.keys() - {STATE}
            if lacking:
                raise BlockInterfaceError(f"The block {block.type} asks for {min(lacking)!r}, which nobody hands over.")
        self.registry = registry
        self._decode = decoder(images)
        self._resources = resources
        self._plans: OrderedDict[bytes, Plan] = OrderedDict()
        self._lock = Lock()

    def plan(self, definition: Any) -> Plan:
        """The plan of a workflow, compiled at the first sight of its content; raises what the compiler raises."""
        json = _json(definition)
        key = blake2b(json, digest_size=16).digest()
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        # What the key was made of, so that a plan shares nothing with the caller, who may change what is theirs.
        plan = compile_workflow(orjson.loads(json), self.registry)
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > MAX_CACHED_PLANS:
                self._plans.popitem(last=False)
        return plan

    def outputs_of(self, step: Any) -> Mapping[str, Output]:
        """The outputs of one step by itself; WorkflowSyntaxError when it is none, or its literals do not fit."""
        document = {"version": "1.0", "inputs": [], "steps": [step], "outputs": []}
        found = parse(orjson.loads(_json(document)), self.registry).steps.get(step["name"])
        if found is None:
            raise WorkflowSyntaxError(
                f"The step {step['name']!r} is a workflow of its own.",
                hint="Describe that workflow to see its outputs.",
                context=CONTEXT,
                blocks=(BlockError(step["name"], step["type"]),),
            )
        return found.outputs

    def run(
        self,
        plan: Plan,
        inputs: Mapping[str, Any],
        *,
        wire: bool = False,
        excluded: Collection[str] = (),
        memory: Memory | None = None,
    ) -> list[dict[str, Any]]:
        """Run a plan.

        Args:
            inputs: values by the names of the workflow's inputs; never changed. Pictures may be given as they travel,
                as `Image` or as arrays of height x width x 3 bytes in blue, green, red order.
            wire: whether results are in the form in which they travel, or as blocks return them.
            excluded: outputs to leave out.
            memory: what the steps remember of earlier runs; without it a run starts from nothing.

        Returns:
            A dict of outputs an element of the batch.

        Raises:
            RuntimeInputError: the inputs do not fit the workflow or each other.
            InputImageLoadError: a picture cannot be loaded.
            StepExecutionError, ClientCausedStepExecutionError: a block failed.
        """
        table = bind(plan, inputs, self._decode)
        Run(plan, table, self._resources, memory or Memory()).execute()
        return collect(plan, table, encode if wire else None, excluded)


def _json(definition: Any) -> bytes:
    """A definition as JSON; WorkflowDefinitionError when it cannot be written so."""
    try:
        return orjson.dumps(definition)
    except orjson.JSONEncodeError as error:
        raise WorkflowDefinitionError(f"A workflow definition is JSON: {error}.", context=CONTEXT) from error

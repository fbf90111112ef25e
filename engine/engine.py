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
from engine.errors import BlockInterfaceError, WorkflowDefinitionError
from engine.guard.images import ImageLoader
from engine.inputs import bind
from engine.outputs import collect
from engine.plan import Plan
from engine.python.console import Console
from engine.python.workers import Workers
from engine.registry import Registry
from engine.run import CONSOLE, STATE, Run
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
        python: what runs Python blocks that come with workflows; without it such workflows are refused.
    """

    def __init__(
        self,
        registry: Registry,
        images: ImageLoader,
        resources: Mapping[str, Any],
        python: Workers | None = None,
    ) -> None:
        for block in registry.blocks:
            lacking = block.signature.resources - resources.keys() - {STATE, CONSOLE}
            if lacking:
                raise BlockInterfaceError(f"The block {block.type} asks for {min(lacking)!r}, which nobody hands over.")
        self.registry = registry
        self._decode = decoder(images)
        self._resources = resources
        self._python = python
        self._plans: OrderedDict[bytes, Plan] = OrderedDict()
        self._lock = Lock()

    def plan(self, definition: Any) -> Plan:
        """The plan of a workflow, compiled at the first sight of its content; raises what the compiler raises."""
        try:
            key = blake2b(orjson.dumps(definition), digest_size=16).digest()
        except orjson.JSONEncodeError as error:
            raise WorkflowDefinitionError(f"A workflow definition is JSON: {error}.") from error
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        plan = compile_workflow(definition, self.registry, self._python)
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > MAX_CACHED_PLANS:
                self._plans.popitem(last=False)
        return plan

    def outputs_of(self, step: Any) -> Mapping[str, Output]:
        """The outputs of one step by itself; WorkflowSyntaxError when it is none, or its literals do not fit."""
        return (
            parse({"version": "1.0", "inputs": [], "steps": [step], "outputs": []}, self.registry)
            .steps[step["name"]]
            .outputs
        )

    def run(
        self,
        plan: Plan,
        inputs: Mapping[str, Any],
        *,
        wire: bool = False,
        excluded: Collection[str] = (),
        memory: Memory | None = None,
        console: Console | None = None,
    ) -> list[dict[str, Any]]:
        """Run a plan.

        Args:
            inputs: values by the names of the workflow's inputs; never changed. Pictures may be given as they travel,
                as `Image` or as arrays of height x width x 3 bytes in blue, green, red order.
            wire: whether results are in the form in which they travel, or as blocks return them.
            excluded: outputs to leave out.
            memory: what the steps remember of earlier runs; without it a run starts from nothing.
            console: collects what Python blocks print.

        Returns:
            A dict of outputs an element of the batch.

        Raises:
            RuntimeInputError: the inputs do not fit the workflow or each other.
            InputImageLoadError: a picture cannot be loaded.
            StepExecutionError, ClientCausedStepExecutionError: a block failed.
            DynamicBlockCodeError: the code of a Python block failed.
        """
        table = bind(plan, inputs, self._decode)
        Run(plan, table, self._resources, memory or Memory(), console or Console()).execute()
        return collect(plan, table, encode if wire else None, excluded)

"""Whatever is sent as a workflow or as its inputs is answered or refused: never a crash, a hang or a leak."""

from __future__ import annotations

import gc
import json
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pybase64
import pytest
from fastapi import Response

from api.describe.interface import describe_interface, explain
from api.door import json_response
from engine.engine import Engine
from engine.errors import PenstockError
from engine.guard.limits import Limits, SourcePolicy
from engine.plan import Plan, PlannedInput
from engine.registry import Registry, blocks_under
from engine.wire.read_image import ImageLoader
from tests.blocks.query.samples import binary, group, keep, of_row, op, static
from tests.conformance import corpus
from tests.engine import test_axes, test_gates, test_inner
from tests.engine.arithmetic import BLOCKS, batch_input, explode, parameter, step, workflow
from tests.engine.mutants import Mutator, printed
from tests.house.rules import ROOT

SEED = 20_260_101
QUICK, ALL, WARM = 1000, 10_000, 2000
INPUTS_OF_EACH = 3
MAX_SECONDS = 2.0
"""Of processor time, for whatever is asked once."""
MAX_GROWTH = 40 * 2**20
"""Bytes. Half of it is taken by the plans that are kept, of which there are 256 only in the end."""
RESOURCES = frozenset({"clock", "state"})
"""What blocks may ask for that are run here: no models, no network, no files."""

# A warning that Python gives about patterns such as `[[a]`; nobody but the author of a workflow could act on it.
pytestmark = pytest.mark.filterwarnings("ignore:Possible (nested set|set):FutureWarning")


class TookTooLong(BaseException):
    """Raised in the middle of what takes too long; no exception of the ordinary kind, so that nothing catches it."""


@contextmanager
def in_time() -> Iterator[None]:
    """Stop what takes longer than it may, even where it never ends."""

    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def everything() -> dict[str, Any]:
    """A workflow with every type of input, a query, and groups of statements in groups."""
    inputs: list[dict[str, Any]] = [
        {"type": "WorkflowImage", "name": "image"},
        {"type": "InferenceImage", "name": "other"},
        {"type": "WorkflowVideoMetadata", "name": "video"},
        {"type": "InferenceParameter", "name": "p", "default_value": 1, "kind": [{"name": "integer"}]},
        {**batch_input("found"), "kind": ["object_detection_prediction"]},
        parameter("q", [1, 2]),
        batch_input("deep", 3),
    ]
    large = group(binary(of_row("size"), "(Number) >", static(0)))
    query = keep(group(group(large), large), operator="or")
    kept = {"type": "roboflow_core/detections_filter@v1", "name": "kept", "predictions": "$inputs.found"}
    count = {"type": "roboflow_core/property_definition@v1", "name": "count", "data": "$steps.kept.predictions"}
    steps = [
        {**kept, "operations": [query]},
        {**count, "operations": [op("SequenceLength"), op("Multiply", other=2), op("ToString")]},
        step("odd", "gate", value="$inputs.p", next_steps=["$steps.packed"]),
        step("pack", "packed", items=["$inputs.q", "$inputs.video"], named={"count": "$steps.count.output"}),
        step("gather", "gathered", values="$inputs.deep"),
    ]
    outputs = {"all": "$steps.packed.*", "kept": "$steps.kept.predictions", "deep": "$steps.gathered.value"}
    return workflow(inputs, steps, outputs | {"image": "$inputs.image", "q": "$inputs.q"})


def documents() -> list[Any]:
    """The workflows that mutants are made of."""
    examples = sorted((ROOT / "examples" / "workflows").glob("*.json"))
    cases = chain(test_axes.CASES.values(), test_gates.CASES.values(), test_inner.CASES.values())
    found = [json.loads(path.read_bytes()) for path in examples]
    found += [everything()] * 5
    found += [definition for definition, _, _ in cases]
    if corpus.is_there():
        found += [item.document for item in corpus.definitions().values()]
    return found


def without_models(definition: Any) -> Any:
    """A workflow that gets as inputs what its models would have found; others as they are."""
    if not isinstance(definition, dict) or not isinstance(definition.get("inputs"), list):
        return definition
    changed = json.loads(json.dumps(definition))
    for model in [item for item in changed.get("steps", ()) if isinstance(item, dict) and "_model@" in str(item)]:
        if "model_id" in model:
            changed["steps"].remove(model)
            changed["inputs"].append({**batch_input(model["name"]), "kind": ["object_detection_prediction"]})
            text = json.dumps(changed).replace(f"$steps.{model['name']}.predictions", f"$inputs.{model['name']}")
            changed = json.loads(text)
    return changed


@pytest.fixture(scope="module")
def subject() -> Engine:
    """An engine with all blocks; `explode` is left out, since it makes as many rows as anybody says."""
    blocks = chain(blocks_under("blocks"), (block for block in BLOCKS if block is not explode))
    resources = dict.fromkeys(("models", "folder", "environment", "egress"))
    return Engine(
        Registry(blocks),
        ImageLoader(Limits(), SourcePolicy(offline=True)),
        {**resources, "clock": lambda: datetime.now(UTC)},
    )


def outcome(what: str, number: int, subject: Any, ask: Callable[[], Any]) -> Any:
    """What is answered, or the error that refuses it; any other end fails the test and says how to come to it again."""
    try:
        with in_time():
            return ask()
    except PenstockError as error:
        return error
    except (Exception, TookTooLong) as error:  # noqa: BLE001 - whatever it is, it is told how to come to it
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        crash = "".join(traceback.format_list(frames)) + f"{type(error).__name__}: {error}"
    # Not from within the handler: the frames of what was stopped halfway may have no lines, which reports trip over.
    pytest.fail(f"{what}, seed {SEED}, number {number}\n{crash}\n{printed(subject)}", pytrace=False)


def described(describe: Callable[[Plan], Any], plan: Plan) -> Response:
    """What is said of a plan, as it travels."""
    return json_response(describe(plan))


def examine(subject: Engine, definitions: list[Any], numbers: range) -> Counter[str]:
    """Compile mutants and have them described; how often what came out."""
    outcomes: Counter[str] = Counter()
    for number in numbers:
        mutant = Mutator(definitions, SEED, number).workflow()
        plan = outcome("plan", number, mutant, partial(subject.plan, mutant))
        outcomes[type(plan).__name__] += 1
        for describe in (describe_interface, explain) if isinstance(plan, Plan) else ():
            outcome(describe.__name__, number, mutant, partial(described, describe, plan))
        steps = mutant.get("steps") if isinstance(mutant, dict) else None
        for item in steps[:5] if isinstance(steps, list) else ():
            outcome("outputs_of", number, item, partial(subject.outputs_of, item))
    return outcomes


def resident() -> int:
    """The bytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def assert_all_sorts(outcomes: Counter[str]) -> None:
    """Mutants are of use when some are good, and when some are bad in each of many ways."""
    assert outcomes["Plan"] > outcomes.total() / 20
    assert len(outcomes) > 7, outcomes


def test_definitions(subject: Engine) -> None:
    assert_all_sorts(examine(subject, documents(), range(QUICK)))


@pytest.mark.slow
def test_many_definitions_and_memory_stays_flat(subject: Engine) -> None:
    definitions = documents()
    outcomes = examine(subject, definitions, range(WARM))
    before = resident()
    outcomes += examine(subject, definitions, range(WARM, ALL))
    grown = resident() - before
    assert_all_sorts(outcomes)
    assert grown < MAX_GROWTH, f"grown by {grown} bytes"


def some_picture() -> dict[str, Any]:
    done, data = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))
    assert done
    moment = {
        "video_identifier": "camera",
        "frame_number": 7,
        "frame_timestamp": "2026-01-01T00:00:00+00:00",
        "fps": 30,
    }
    return {"type": "base64", "value": pybase64.b64encode_as_string(data.tobytes()), "video_metadata": moment}


def some_detections() -> dict[str, Any]:
    box = {"x": 20.0, "y": 20.0, "width": 10.0, "height": 12.0, "confidence": 0.9, "class": "a", "class_id": 0}
    return {"image": {"width": 64, "height": 48}, "predictions": [box, {**box, "x": 40.0, "tracker_id": 1}]}


def fitting(item: PlannedInput) -> Any:
    """A value that an input may take; of a batch, two."""
    kinds = " ".join(item.kinds)
    if not item.axes:
        return 3 if item.default is None else item.default
    picture = some_picture()
    samples = {"image": picture, "prediction": some_detections(), "video": picture["video_metadata"], "string": "a"}
    value = next((sample for kind, sample in samples.items() if kind in kinds), 3)
    for _ in item.axes:
        value = [value, value]
    return value


def run(subject: Engine, plan: Plan, inputs: Any) -> Any:
    """The results as they would travel, where the inputs could have."""
    results = subject.run(plan, inputs, wire=True)
    try:
        orjson.dumps(inputs)
    except orjson.JSONEncodeError:
        return results
    return json_response(results)


def runs(subject: Engine, numbers: range) -> Counter[str]:
    """Run mutants of those workflows that need nothing from outside with mutants of their inputs."""
    outcomes: Counter[str] = Counter()
    definitions = list(map(without_models, documents()))
    for number in numbers:
        definition = Mutator(definitions, SEED, number).workflow()
        plan = outcome("plan", number, definition, partial(subject.plan, definition))
        if not isinstance(plan, Plan) or not all(step.block.signature.resources <= RESOURCES for step in plan.steps):
            continue
        given = {item.name: fitting(item) for item in plan.inputs}
        for variant in range(INPUTS_OF_EACH):
            inputs = Mutator([given], SEED, INPUTS_OF_EACH * number + variant).inputs(given)
            ran = outcome(
                f"run with {printed(inputs)}",
                number,
                definition,
                partial(run, subject, plan, inputs),
            )
            outcomes[type(ran).__name__] += 1
    return outcomes


def test_inputs(subject: Engine) -> None:
    outcomes = runs(subject, range(QUICK))
    assert outcomes["Response"] > outcomes.total() / 5
    assert outcomes["RuntimeInputError"] > outcomes.total() / 20


@pytest.mark.slow
def test_many_inputs(subject: Engine) -> None:
    assert runs(subject, range(QUICK, ALL)).total() > QUICK

"""What today's servers get wrong and is right here: each defect by its letter, from the definition to the outputs."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.state import Memory
from engine.values.frame import Frame
from engine.values.image import Image
from engine.wire.read_image import ImageLoader
from tests.blocks.query.samples import binary, dynamic, group, keep, of_row, op, static
from tests.blocks.samples import found, picture
from tests.blocks.videos import START, frame
from tests.engine.arithmetic import batch_input, parameter, workflow

PACKAGES = ("blocks.flow_control", "blocks.formatters", "blocks.fusion", "blocks.transformations")
IMAGE = {"type": "WorkflowImage", "name": "image"}
GO, N = batch_input("go"), batch_input("n")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time that it was set to."""
        return self.now


def engine(clock: Clock | None = None) -> Engine:
    """An engine with real blocks."""
    registry = Registry(chain.from_iterable(map(blocks_under, PACKAGES)))
    return Engine(registry, ImageLoader(Limits(), SourcePolicy()), {"clock": clock or Clock()})


def run(definition: dict[str, Any], *, wire: bool = False, **inputs: Any) -> list[dict[str, Any]]:
    subject = engine()
    return subject.run(subject.plan(definition), inputs, wire=wire)


def step(kind: str, name: str, **arguments: Any) -> dict[str, Any]:
    """A step of a block that ships."""
    return {"type": f"roboflow_core/{kind}@v1", "name": name, **arguments}


def shows(name: str, selector: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """A step that hands a value on."""
    return step("property_definition", name, data=selector, operations=list(operations))


def gate(name: str, selector: str, *targets: str, wanted: Any = True, **options: Any) -> dict[str, Any]:
    """A step that lets others pass where a value is the wanted one."""
    statement = binary(dynamic("x"), "==", static(wanted))
    values = {"evaluation_parameters": {"x": selector}, "next_steps": [f"$steps.{target}" for target in targets]}
    return step("continue_if", name, condition_statement=group(statement), **values, **options)


def inner(name: str, definition: dict[str, Any], **bindings: Any) -> dict[str, Any]:
    """A step that is a workflow."""
    return step("inner_workflow", name, workflow_definition=definition, parameter_bindings=bindings)


def test_a_step_behind_two_gates_does_not_run_where_one_of_them_stops_everything() -> None:
    """Defect A."""
    steps = [gate("g", "$inputs.go", "s"), gate("h", "$inputs.stop", "s"), shows("s", "$inputs.n")]
    definition = workflow([N, GO, batch_input("stop")], steps, {"o": "$steps.s.output"})
    results = run(definition, n=[1, 2], go=[True, True], stop=[False, False])
    assert results == [{"o": None}, {"o": None}]
    assert run(definition, n=[1, 2], go=[False, True], stop=[True, True]) == [{"o": None}, {"o": 2}]


def test_a_gate_of_pictures_lets_all_crops_of_a_picture_pass() -> None:
    """Defect B."""
    steps = [
        step("dynamic_crop", "crop", images="$inputs.image", predictions="$inputs.found"),
        gate("g", "$inputs.go", "width"),
        shows("width", "$steps.crop.crops", op("ExtractImageProperty", property_name="width")),
    ]
    boxes = found((0, 0, 10, 10), (0, 0, 20, 10))
    definition = workflow([IMAGE, batch_input("found"), GO], steps, {"o": "$steps.width.output"})
    results = run(definition, image=[picture(), picture()], found=[boxes, boxes], go=[True, False])
    assert results == [{"o": [10, 20]}, {"o": [None, None]}]


@pytest.mark.parametrize(
    ("selector", "wanted", "expected"),
    [("$inputs.go", True, [["cat", "dog"], None]), ("$inputs.labels", "dog", [["dog"], []])],
)
def test_a_gate_of_either_level_acts_on_a_step_that_joins_both(
    selector: str, wanted: Any, expected: list[list[str] | None]
) -> None:
    """Defect B'."""
    steps = [
        gate("g", selector, "s", wanted=wanted),
        step(
            "detections_classes_replacement",
            "s",
            object_detection_predictions="$inputs.found",
            classification_predictions="$inputs.labels",
        ),
    ]
    inputs = [batch_input("found"), {**batch_input("labels", 2), "kind": ["string"]}, GO]
    definition = workflow(inputs, steps, {"o": "$steps.s.predictions"})
    boxes = found((0, 0, 10, 10), (20, 0, 40, 10))
    results = run(definition, found=[boxes, boxes], labels=[["cat", "dog"], ["owl", "fox"]], go=[True, False])
    assert [None if result["o"] is None else list(result["o"].class_name) for result in results] == expected


def test_an_output_shows_of_a_nested_input_what_belongs_to_its_element() -> None:
    """Defect C."""
    definition = workflow([batch_input("x", 2)], [], {"x": "$inputs.x"})
    assert run(definition, x=[[1, 2], [3]]) == [{"x": [1, 2]}, {"x": [3]}]


def test_a_gate_before_nothing_does_nothing() -> None:
    """Defect D."""
    definition = workflow([N, GO], [gate("g", "$inputs.go")], {"o": "$inputs.n"})
    assert run(definition, n=[1, 2], go=[True, False]) == [{"o": 1}, {"o": 2}]


LIMITED = workflow(
    [IMAGE, N],
    [
        step(
            "rate_limiter",
            "g",
            depends_on="$inputs.n",
            video_reference_image="$inputs.image",
            cooldown_seconds=1,
            next_steps=["$steps.s"],
        ),
        shows("s", "$inputs.n"),
    ],
    {"o": "$steps.s.output"},
)


def passed(results: list[dict[str, Any]]) -> list[Any]:
    return [result["o"] for result in results]


def test_each_source_in_a_batch_has_a_rate_of_its_own() -> None:
    """Defect E."""
    pictures = [frame(1, "door"), frame(1, "yard"), frame(2, "door"), frame(1, "roof")]
    assert passed(run(LIMITED, image=pictures, n=[1, 2, 3, 4])) == [1, 2, None, 4]
    stills = [picture(name="one"), picture(name="two"), picture(name="three")]
    assert passed(run(LIMITED, image=stills, n=[1, 2, 3])) == [1, 2, 3]
    waiting = {**LIMITED["steps"][0], "depends_on": "$inputs.image"}
    del waiting["video_reference_image"]
    bare = {**LIMITED, "steps": [waiting, *LIMITED["steps"][1:]]}
    assert passed(run(bare, image=[*stills, stills[0]], n=[1, 2, 3, 4])) == [1, 2, 3, None]


def test_parameters_arrive_as_the_block_wants_them() -> None:
    """Defect F."""
    area = {"x_center": 20, "y_center": 20, "width": "$inputs.width", "height": "$inputs.width"}
    definition = workflow(
        [IMAGE, parameter("width")],
        [step("absolute_static_crop", "s", images="$inputs.image", **area)],
        {"o": "$steps.s.crops"},
    )
    (result,) = run(definition, image=picture(), width="5")
    assert (result["o"].width, result["o"].height) == (5, 5)


def test_a_gate_before_an_inner_workflow_acts_on_all_its_steps() -> None:
    """Defect G."""
    inside = workflow(
        [parameter("x")],
        [shows("one", "$inputs.x"), shows("two", "$inputs.x")],
        {"one": "$steps.one.output", "two": "$steps.two.output"},
    )
    definition = workflow(
        [N, GO],
        [gate("g", "$inputs.go", "w"), inner("w", inside, x="$inputs.n")],
        {"one": "$steps.w.one", "two": "$steps.w.two"},
    )
    assert run(definition, n=[1, 2], go=[True, False]) == [{"one": 1, "two": 1}, {"one": None, "two": None}]


def test_detections_of_the_whole_run_are_shown_in_the_picture_that_they_go_back_to() -> None:
    """Defect H."""
    crop = Frame("photo", 640, 480).cut("crop", 100, 50, 64, 48)
    inputs = [batch_input("found"), parameter("one")]
    definition = workflow(
        inputs,
        [step("dimension_collapse", "s", data="$inputs.found")],
        {"all": "$steps.s.output", "own": "$steps.s.output", "one": "$inputs.one"},
    )
    definition["outputs"][1]["coordinates_system"] = "own"
    boxes = found((0, 0, 10, 10), frame=crop)
    (result,) = run(definition, found=[boxes, boxes], one=boxes)
    assert [item.xyxy.tolist() for item in (*result["all"], result["one"])] == [[[100, 50, 110, 60]]] * 3
    assert [item.frame.id for item in (*result["all"], result["one"])] == ["photo"] * 3
    assert [item.xyxy.tolist() for item in result["own"]] == [[[0, 0, 10, 10]]] * 2


def test_nothing_found_knows_the_size_of_its_picture() -> None:
    """Defect I."""
    nothing = [keep(binary(of_row("size"), "(Number) <", static(0)))]
    definition = workflow(
        [batch_input("found")],
        [step("detections_filter", "s", predictions="$inputs.found", operations=nothing)],
        {"o": "$steps.s.predictions"},
    )
    (result,) = run(definition, found=found((0, 0, 10, 10)), wire=True)
    assert result == {"o": {"image": {"width": 64, "height": 48}, "predictions": []}}


@pytest.mark.parametrize(
    ("delay", "given", "stays_open"),
    [(0, {}, False), ("$inputs.delay", {"delay": 0}, False), ("$inputs.delay", {"delay": 5}, True)],
)
def test_the_delay_of_a_gate_may_be_nothing_and_may_be_wired(delay: Any, given: Any, stays_open: bool) -> None:
    """Defect J."""
    steps = [gate("g", "$inputs.go", "s", stop_delay=delay), shows("s", "$inputs.n")]
    clock, memory = Clock(), Memory()
    subject = engine(clock)
    plan = subject.plan(workflow([N, GO, parameter("delay", 0)], steps, {"o": "$steps.s.output"}))
    assert subject.run(plan, {"n": 1, "go": True, **given}, memory=memory) == [{"o": 1}]
    clock.now += timedelta(seconds=3)
    assert subject.run(plan, {"n": 2, "go": False, **given}, memory=memory) == [{"o": 2 if stays_open else None}]


def test_a_parameter_may_be_wired_where_no_literal_may_stand() -> None:
    """Defect K."""
    definition = workflow([parameter("p")], [shows("s", "$inputs.p", op("SequenceLength"))], {"o": "$steps.s.output"})
    assert run(definition, p=[1, 2, 3]) == [{"o": 3}]


def test_inputs_of_inner_workflows_may_be_literals_and_defaults_and_all_outputs_be_shown() -> None:
    """Defect L."""
    inside = workflow(
        [parameter("x"), parameter("y", [1, 2])],
        [shows("x", "$inputs.x"), shows("y", "$inputs.y", op("SequenceLength"))],
        {"x": "$steps.x.output", "y": "$steps.y.output"},
    )
    definition = workflow([], [inner("w", inside, x=5)], {"x": "$steps.w.x", "y": "$steps.w.y", "all": "$steps.w.*"})
    assert run(definition) == [{"x": 5, "y": 2, "all": {"x": 5, "y": 2}}]


def test_each_source_of_a_stream_has_a_rate_of_its_own() -> None:
    """Defect M."""
    subject, memory = engine(), Memory()
    plan = subject.plan(LIMITED)

    def tick(number: int, *sources: str) -> list[Any]:
        pictures: list[Image] = [frame(number, source) for source in sources]
        return passed(subject.run(plan, {"image": pictures, "n": list(sources)}, memory=memory))

    assert tick(1, "door") == ["door"]
    assert tick(6, "door", "yard") == [None, "yard"]
    assert tick(11, "door", "yard") == ["door", None]
    assert tick(16, "door", "yard") == [None, "yard"]

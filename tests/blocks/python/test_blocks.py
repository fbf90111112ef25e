"""Python blocks run like any other: their values, how these are nested, and what may be wired or written."""

from __future__ import annotations

from typing import Any

import pytest

from api.describe.interface import explain
from blocks.python.workers import Workers
from engine.errors import (
    DynamicBlockCodeError,
    ExecutionGraphStructureError,
    ReferenceTypeError,
    RuntimeInputError,
    WorkflowSyntaxError,
)
from tests.blocks.python.samples import definition, once, ran, taken, written
from tests.engine.arithmetic import batch_input, engine, parameter, step, workflow

DOUBLE = definition("double", "def run(self, x):\n    return {'value': x * 2}")
N = batch_input("n")
N_STEP = step("double", "s", x="$inputs.n")


def test_one_value_a_row(workers: Workers) -> None:
    assert ran(workers, [DOUBLE], [N], [N_STEP], n=[1, 2.5, "ab"]) == [2, 5.0, "abab"]
    assert once(workers, DOUBLE, x=4) == {"value": 8}


def test_inner_workflows_may_use_the_blocks_of_the_workflow_around_them(workers: Workers) -> None:
    inside = workflow([parameter("y")], [{**N_STEP, "x": "$inputs.y"}], {"value": f"$steps.{N_STEP['name']}.value"})
    bindings = {"workflow_definition": inside, "parameter_bindings": {"y": "$inputs.n"}}
    part = {"type": "roboflow_core/inner_workflow@v1", "name": "part", **bindings}
    assert ran(workers, [DOUBLE], [N], [part], n=[1, "ab"]) == [2, "abab"]


def test_values_that_json_does_not_know(workers: Workers) -> None:
    assert once(workers, definition("echo", "def run(self, x):\n    return {'value': x}"), x={1: (2, {3}, b"4")}) == {
        "value": {1: (2, {3}, b"4")}
    }


def test_what_the_code_finds(workers: Workers) -> None:
    run = """
        def run(self, x: Optional[Dict[str, List[Any]]]) -> BlockResult:
            globals["calls"] = globals.get("calls", 0) + 1
            text = json.dumps({"root": math.sqrt(x), "mean": float(np.mean([1, 3]))})
            boxes = sv.Detections(xyxy=np.array([[0, 0, 2, 3]]))
            grey = cv2.cvtColor(np.zeros((4, 5, 3), np.uint8), cv2.COLOR_BGR2GRAY)
            return {"value": [text, boxes.area.tolist(), list(grey.shape), os.sep, requests.__name__, time.time() > 0]}
        """
    (value,) = once(workers, definition("finds", run), x=9).values()
    assert value == ['{"root": 3.0, "mean": 2.0}', [6], [4, 5], "/", "requests", True]


def test_init_runs_once(workers: Workers) -> None:
    code = {
        "init_function_code": "def init():\n    return {'base': list(range(3))}",
        "imports": ["import string as st"],
    }
    run = """
        def run(self, x):
            self._init_results["base"].append(x)
            return {"value": [st.digits[0], *self._init_results["base"]]}
        """
    block = definition("initial", run, code=code)
    assert ran(workers, [block], [N], [step("initial", "s", x="$inputs.n")], n=[7, 8]) == [
        ["0", 0, 1, 2, 7],
        ["0", 0, 1, 2, 7, 8],
    ]


def test_a_step_keeps_its_self_for_a_run(workers: Workers) -> None:
    run = """
        def run(self, x):
            self.sum = getattr(self, "sum", 0) + x
            return {"value": self.sum}
        """
    block = definition("sum", run)
    steps = [step("sum", "other", x="$inputs.n"), step("sum", "s", x="$inputs.n")]
    for _ in range(2):
        assert ran(workers, [block], [N], steps, n=[1, 2, 3]) == [1, 3, 6]


def test_the_code_knows_its_step(workers: Workers) -> None:
    run = "def run(self):\n    return {'value': self.get_workflow_context()}"
    subject = engine(workers)
    block = definition("context", run, {})
    outputs = {"a": "$steps.a.value", "b": "$steps.b.value"}
    plan = subject.plan(
        workflow([], [step("context", "a"), step("context", "b")], outputs, dynamic_blocks_definitions=[block])
    )
    (first,), (second,) = subject.run(plan, {}), subject.run(plan, {})
    assert first["a"]["step_name"] == "a"
    assert first["b"]["step_selector"] == "$steps.b"
    assert first["b"]["block_type"] == "test/context@v1"
    assert first["a"]["workflow_execution_id"] == first["b"]["workflow_execution_id"]
    assert first["a"]["workflow_execution_id"] != second["a"]["workflow_execution_id"]


def test_each(workers: Workers) -> None:
    run = "def run(self, x):\n    return [{'value': x, 'index': i} for i in range(x)]"
    spread = definition("unfold", run, outputs=("value", "index"), output_dimensionality_offset=1)
    steps = [step("unfold", "e", x="$inputs.n"), {**N_STEP, "x": "$steps.e.index"}]
    assert ran(workers, [spread, DOUBLE], [N], steps, n=[3, 0, 1]) == [[0, 2, 4], [], [0]]


GATHER = definition(
    "collect", "def run(self, x):\n    return {'value': (len(x), list(x))}", output_dimensionality_offset=-1
)


def test_gathered(workers: Workers) -> None:
    inputs, steps = [batch_input("n", 2)], [step("collect", "s", x="$inputs.n")]
    assert ran(workers, [GATHER], inputs, steps, n=[[1, 2, None], [], [3]]) == [(2, [1, 2]), (0, []), (1, [3])]


def test_gathered_with_what_is_missing(workers: Workers) -> None:
    block = {**GATHER, "manifest": {**GATHER["manifest"], "accepts_empty_values": True}}
    inputs, steps = [batch_input("n", 2)], [step("collect", "s", x="$inputs.n")]
    assert ran(workers, [block], inputs, steps, n=[[1, None], [3]]) == [(2, [1, None]), (1, [3])]


DEEPER = {
    "one": taken(is_dimensionality_reference=True),
    "many": taken(dimensionality_offset=1),
}


def test_an_input_one_level_deeper(workers: Workers) -> None:
    block = definition("deeper", "def run(self, one, many):\n    return {'value': [one, *many]}", DEEPER)
    inputs = [N, batch_input("m", 2)]
    steps = [step("deeper", "s", one="$inputs.n", many="$inputs.m")]
    assert ran(workers, [block], inputs, steps, n=[1, 2], m=[[3, 4], [5]]) == [[1, 3, 4], [2, 5]]


BATCHED = definition(
    "batched",
    """
    def run(self, x: Batch[int], by: int):
        assert type(x) is Batch
        return [{"value": (len(x), value * by)} for value in x]
    """,
    {"x": taken(), "by": taken("input_parameter", value_types=["integer"])},
    accepts_batch_input=True,
)


def test_batches(workers: Workers) -> None:
    steps = [step("batched", "s", x="$inputs.n", by=10)]
    assert ran(workers, [BATCHED], [N], steps, n=[1, None, 3]) == [(2, 10), None, (2, 30)]
    steps = [step("batched", "s", x="$inputs.n", by="$inputs.p")]
    assert ran(workers, [BATCHED], [N, parameter("p")], steps, n=[1, 2], p=2) == [(2, 2), (2, 4)]


def test_batches_with_what_is_missing(workers: Workers) -> None:
    run = "def run(self, x):\n    return [{'value': value is None} for value in x]"
    block = definition("missing", run, batch_oriented_parameters=["x"], accepts_empty_values=True)
    assert ran(workers, [block], [N], [step("missing", "s", x="$inputs.n")], n=[1, None]) == [False, True]


def test_a_batch_of_levels(workers: Workers) -> None:
    run = """
        def run(self, one, many):
            assert all(type(group) is Batch for group in (one, many, *many))
            return [{"value": [a, *group]} for a, group in zip(one, many)]
        """
    block = definition("levels", run, DEEPER, accepts_batch_input=True)
    inputs, steps = [N, batch_input("m", 2)], [step("levels", "s", one="$inputs.n", many="$inputs.m")]
    assert ran(workers, [block], inputs, steps, n=[1, 2], m=[[3, 4], [5]]) == [[1, 3, 4], [2, 5]]


def test_batches_know_the_places_of_their_values(workers: Workers) -> None:
    """Among those that are handed over: where a level is gathered, the code is called for one row at a time."""
    run = "def run(self, x):\n    return [{'value': place} for place in x.indices]"
    flat = definition("flat", run, accepts_batch_input=True)
    assert ran(workers, [flat], [N], [step("flat", "s", x="$inputs.n")], n=[7, 8]) == [(0,), (1,)]
    run = "def run(self, one, many):\n    return [{'value': [one.indices, many.indices, many[0].indices]}]"
    block = definition("placed", run, DEEPER, accepts_batch_input=True)
    inputs, steps = [N, batch_input("m", 2)], [step("placed", "s", one="$inputs.n", many="$inputs.m")]
    assert ran(workers, [block], inputs, steps, n=[1], m=[[3, 4]]) == [[[(0,)], [(0,)], [(0, 0), (0, 1)]]]


def test_a_batch_takes_one_value_of_what_is_no_batch(workers: Workers) -> None:
    run = "def run(self, x, y):\n    return [{'value': 1} for _ in x]"
    block = definition("lone", run, {"x": taken(), "y": taken()}, batch_oriented_parameters=["x"])
    with pytest.raises(ExecutionGraphStructureError, match="takes one value for the whole batch"):
        ran(workers, [block], [N], [step("lone", "s", x="$inputs.n", y="$inputs.n")], n=[1])


def test_missing_values(workers: Workers) -> None:
    run = "def run(self, x):\n    return {'value': str(x)}"
    plain, empty = definition("plain", run), definition("empty", run, accepts_empty_values=True)
    for block, found in ((plain, ["1", None]), (empty, ["1", "None"])):
        name = block["manifest"]["block_type"].removeprefix("test/").removesuffix("@v1")
        assert ran(workers, [block], [N], [step(name, "s", x="$inputs.n")], n=[1, None]) == found


def test_the_run_function_may_return_nothing(workers: Workers) -> None:
    nothing = definition("nothing", "def run(self, x):\n    pass", outputs=("a", "b"))
    assert once(workers, nothing, x=1) == {"a": None, "b": None}


LITERALS = definition(
    "literals",
    "def run(self, a, b, c, d):\n    return {'value': [a, b, c, d]}",
    {
        "a": written("integer", has_default_value=True, default_value=3),
        "b": written("list", "string"),
        "c": written("string", is_optional=True),
        "d": taken(selector_data_kind={name: ["rgb_color"] for name in ("input_parameter", "step_output", "generic")}),
    },
)


def test_what_is_written(workers: Workers) -> None:
    assert ran(workers, [LITERALS], [], [step("literals", "s", b=["x"], d="#fff")]) == [[3, ["x"], None, "#fff"]]
    assert ran(workers, [LITERALS], [], [step("literals", "s", a=5, b="x", c="y", d="red")]) == [[5, "x", "y", "red"]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"b": "x", "d": "red", "a": "many"}, "integer"),
        ({"d": "red"}, "Field required"),
        ({"b": 5, "d": "red"}, "list"),
        ({"b": "x", "d": 5}, "string"),
    ],
)
def test_what_cannot_be_written(workers: Workers, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(WorkflowSyntaxError, match=says):
        ran(workers, [LITERALS], [], [step("literals", "s", **arguments)])


def test_what_has_to_be_wired(workers: Workers) -> None:
    with pytest.raises(WorkflowSyntaxError, match="Takes a selector"):
        ran(workers, [DOUBLE], [], [step("double", "s", x=5)])


def test_kinds_are_checked(workers: Workers) -> None:
    block = definition(
        "kinds",
        "def run(self, x):\n    return {'value': x}",
        {"x": taken("input_parameter", selector_data_kind={"input_parameter": ["integer"]})},
    )
    with pytest.raises(ReferenceTypeError, match="takes integer"):
        ran(workers, [block], [parameter("p", kind=["string"])], [step("kinds", "s", x="$inputs.p")], p="a")
    typed = definition(
        "typed", "def run(self, x):\n    return {'value': x}", {"x": taken("input_parameter", value_types=["integer"])}
    )
    with pytest.raises(RuntimeInputError, match="integer"):
        ran(workers, [typed], [parameter("p")], [step("typed", "s", x="$inputs.p")], p="a")


def test_inputs_may_be_called_like_what_the_server_hands_over(workers: Workers) -> None:
    names = ("state", "console", "state_")
    run = "def run(self, state, console, state_):\n    return {'value': [state, console, state_]}"
    block = definition("named", run, {name: taken() for name in names})
    assert once(workers, block, state=1, console=2, state_=3) == {"value": [1, 2, 3]}


@pytest.mark.parametrize(
    ("result", "offset", "says"),
    [("5", 0, "a int"), ("{}", 0, "without 'value'"), ("{'value': 1}", 1, "a dict"), ("[1]", 1, "a int")],
)
def test_results_of_another_form(workers: Workers, result: str, offset: int, says: str) -> None:
    block = definition("strange", f"def run(self, x):\n    return {result}", output_dimensionality_offset=offset)
    with pytest.raises(DynamicBlockCodeError, match=says):
        once(workers, block, x=1)


def test_batches_of_another_length(workers: Workers) -> None:
    block = definition("short", "def run(self, x):\n    return []", accepts_batch_input=True)
    with pytest.raises(DynamicBlockCodeError, match="of which there are 2"):
        ran(workers, [block], [N], [step("short", "s", x="$inputs.n")], n=[1, 2])


def test_how_a_step_would_run_is_explained(workers: Workers) -> None:
    subject = engine(workers)
    plan = subject.plan(workflow([N], [N_STEP], {"o": "$steps.s.value"}, dynamic_blocks_definitions=[DOUBLE]))
    (said,) = explain(plan)
    assert (said["runs_on"], said["outputs"]) == (["input batch"], {"value": ["*"]})

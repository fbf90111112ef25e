"""Random workflows come to what a naive engine makes of them, and are refused where it objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from engine.errors import WorkflowCompilerError
from tests.engine.arithmetic import engine
from tests.engine.inner_workflows import folded
from tests.engine.naive import Naive, Nesting
from tests.engine.random_workflows import Case, cases

FEW = settings(max_examples=500, deadline=None, derandomize=True)
MANY = settings(max_examples=2000, deadline=None, derandomize=True)

tame = cases(tame=True)
wild = cases(tame=False, most=4)


def refusal(definition: dict[str, Any]) -> str | None:
    """The error that the engine refuses a workflow with."""
    try:
        engine().plan(definition)
    except WorkflowCompilerError as error:
        return type(error).__name__
    return None


def check_results(case: Case, definition: dict[str, Any]) -> None:
    """The engine, given a definition, comes to what the naive one makes of the case."""
    subject = engine()
    results = subject.run(subject.plan(definition), case.inputs, excluded=case.excluded)
    assert results == Naive(case.definition, case.inputs).results(case.excluded)


def check_refusal(case: Case, definition: dict[str, Any]) -> None:
    """Any of the objections will do: the engine stops at the first that it comes upon."""
    refused, objections = refusal(definition), Nesting(case.definition).objections()
    assert refused in objections if objections else refused is None
    if refused is None:
        check_results(case, definition)


@FEW
@given(tame)
def test_results(case: Case) -> None:
    check_results(case, case.definition)


@FEW
@given(wild)
def test_refusals(case: Case) -> None:
    check_refusal(case, case.definition)


@FEW
@given(folded(tame))
def test_inner_workflows(both: tuple[Case, dict[str, Any]]) -> None:
    check_results(*both)


@FEW
@given(folded(wild))
def test_refusals_of_inner_workflows(both: tuple[Case, dict[str, Any]]) -> None:
    check_refusal(*both)


@pytest.mark.slow
@MANY
@given(tame)
def test_many_results(case: Case) -> None:
    check_results(case, case.definition)


@pytest.mark.slow
@MANY
@given(wild)
def test_many_refusals(case: Case) -> None:
    check_refusal(case, case.definition)


@pytest.mark.slow
@MANY
@given(folded(tame))
def test_many_inner_workflows(both: tuple[Case, dict[str, Any]]) -> None:
    check_results(*both)


@pytest.mark.slow
@MANY
@given(folded(wild))
def test_many_refusals_of_inner_workflows(both: tuple[Case, dict[str, Any]]) -> None:
    check_refusal(*both)

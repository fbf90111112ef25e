"""Workflows in workflows: an inner workflow is spread out, so that the whole has one graph.

Where the step `part` is a workflow, its steps `x` become steps `part.x` of the whole, its input `v` is known as
`$steps.part.$v`, and its output `o` as `$steps.part.o`. These two are aliases of other values. They are noted while
documents are read, since what they stand for may come later; at the end every alias is followed to its value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypedDict

from engine.block import block
from engine.compiler.arguments import read_selector, read_wires
from engine.compiler.embed import INNER_TYPE
from engine.compiler.read import read_document
from engine.compiler.scope import INPUT_MARK, Scope
from engine.compiler.workflow import (
    Argument,
    Literal,
    Members,
    ParsedOutput,
    ParsedStep,
    ParsedWorkflow,
    Target,
    Wire,
)
from engine.document import Document, ParameterInput, StepDocument
from engine.errors import (
    ExecutionGraphStructureError,
    InnerWorkflowParameterBindingsMissingRequiredError,
    InnerWorkflowParameterBindingsUnknownInputError,
    InvalidReferenceTargetError,
    WorkflowDefinitionError,
    WorkflowSyntaxError,
)
from engine.fault import BlockError
from engine.kinds import ANY, Anything
from engine.phase import Phase, during
from engine.registry import Blocks, Registry
from engine.selectors import InputSelector, OutputSelector, Reference, is_wildcard
from engine.signature import Parameter
from engine.values.shape import Wired


class HandedOn(TypedDict):
    """The same value."""

    value: Anything


@block("penstock/hand_on@v1")
def hand_on(value: Wired[Anything]) -> HandedOn:
    """Stand for an output that shows an input unchanged: a gate on the inner workflow needs a step that it can stop."""
    return {"value": value}


class InnerWorkflows:
    """The inner workflows of a workflow, and what their inputs and outputs stand for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._aliases: dict[Reference, Argument] = {}
        self._outputs: dict[str, tuple[str, ...]] = {}
        self._let_through: list[OutputSelector] = []

    def spread(self, document: Document) -> Iterator[tuple[StepDocument, Scope, Blocks]]:
        """The steps of a document, and in the places of inner workflows theirs.

        Each comes with the scope of its names, and with the blocks that it may be of: those of the server, and those
        that come with its document or with one around that.

        Raises:
            InnerWorkflowParameterBindingsError: bindings that do not fit the inputs of an inner workflow.
            WorkflowDefinitionError: the document of an inner workflow is none.
            WorkflowEnvironmentConfigurationError, DynamicBlockError, DynamicBlockCodeError: what `Registry.dynamic`
                raises.
        """
        return self._spread(document, Scope(), self._registry.by_identifier)

    def _spread(self, document: Document, scope: Scope, blocks: Blocks) -> Iterator[tuple[StepDocument, Scope, Blocks]]:
        _refuse_dots(document, scope)
        dynamic = self._registry.dynamic(document.dynamic_blocks_definitions or ())
        blocks = {**blocks, **dynamic} if dynamic else blocks
        for step in document.steps:
            if step.type != INNER_TYPE:
                yield step, scope, blocks
                continue
            inner, child = self._enter(step, scope)
            yield from self._spread(inner, child, blocks)
            for field in inner.outputs:
                self._note_output(child, field.name, read_selector(field))

    @during(Phase.INNER)
    def _enter(self, step: StepDocument, scope: Scope) -> tuple[Document, Scope]:
        """The document of the inner workflow that a step is, with its inputs bound, and the scope of its names."""
        child = Scope(scope.name(step.name))
        extra = step.model_extra or {}
        document = _read(extra.get("workflow_definition"), child)
        self._bind(document, extra.get("parameter_bindings", {}), scope, child)
        self._outputs[child.path] = tuple(field.name for field in document.outputs)
        return document, child

    def _note_output(self, child: Scope, name: str, selector: Reference) -> None:
        """Note what an output of an inner workflow shows, once its steps are read."""
        output, source = OutputSelector(child.path, name), child.reference(selector)
        self._aliases[output] = Wire(source)
        if isinstance(selector, InputSelector) and not isinstance(self._aliases.get(source), Literal):
            self._let_through.append(output)

    @during(Phase.INNER)
    def resolve(self, workflow: ParsedWorkflow) -> ParsedWorkflow:
        """The workflow with every alias followed, and gates on inner workflows acting on all that is in them."""
        if not self._outputs:
            return workflow
        targets = [target for step in workflow.steps.values() for target in step.targets]
        gated = {self._nearest(target.step, workflow.steps) for target in targets}
        steps = {**workflow.steps, **self._handing_on(gated & self._outputs.keys())}
        steps = {name: self._with_arguments(step) for name, step in steps.items()}
        steps = {name: self._with_targets(step, steps) for name, step in steps.items()}
        outputs = tuple(self._resolve_output(output) for output in workflow.outputs)
        return ParsedWorkflow(workflow.inputs, steps, outputs)

    def _handing_on(self, gated: Collection[str]) -> dict[str, ParsedStep]:
        """Steps for the outputs of gated inner workflows that show a value from outside."""
        steps = {}
        for output in self._let_through:
            if any(f"{output.step}.".startswith(f"{path}.") for path in gated):
                name = f"{output.step}.{INPUT_MARK}{output.output}"
                steps[name] = ParsedStep(name, hand_on, {"value": self._aliases[output]}, hand_on.signature.outputs)
                self._aliases[output] = Wire(OutputSelector(name, "value"))
        return steps

    def _bind(self, document: Document, bindings: Any, scope: Scope, child: Scope) -> None:
        """Note what the inputs of an inner workflow stand for."""
        where = (BlockError(child.path, INNER_TYPE, property_name="parameter_bindings"),)
        known = {item.name: item for item in document.inputs}
        if not isinstance(bindings, dict):
            raise WorkflowSyntaxError(f"{child.path!r}: parameter_bindings is an object.", blocks=where)
        unknown = [name for name in bindings if name not in known]
        if unknown:
            raise InnerWorkflowParameterBindingsUnknownInputError(
                f"The inner workflow {child.path!r} has no input {unknown[0]!r}.",
                hint=f"It has {', '.join(known) or 'none'}.",
                blocks=where,
            )
        for name, item in known.items():
            default = item.default_value if isinstance(item, ParameterInput) else None
            if name not in bindings and default is None:
                raise InnerWorkflowParameterBindingsMissingRequiredError(
                    f"The inner workflow {child.path!r} needs a binding for its input {name!r}.",
                    blocks=where,
                )
            value = bindings.get(name, default)
            try:
                bound = read_wires(value, scope) if name in bindings else None
            except ValueError as error:
                raise WorkflowSyntaxError(f"{child.path!r}, {name}: {error}.", blocks=where) from error
            self._aliases[OutputSelector(child.path, f"{INPUT_MARK}{name}")] = bound or Literal(value)

    def _with_arguments(self, step: ParsedStep) -> ParsedStep:
        """A step with arguments that say where values really come from."""
        parameters = step.block.signature.parameters
        arguments = {name: self._resolved(step, parameters[name], item) for name, item in step.arguments.items()}
        return replace(step, arguments=arguments)

    def _with_targets(self, step: ParsedStep, steps: Mapping[str, ParsedStep]) -> ParsedStep:
        """A step with all steps that it gates: those that it names, and those in the inner workflows that it names."""
        targets: list[Target] = []
        for target in step.targets:
            name = self._nearest(target.step, steps)
            inside = [step for step in steps if step.startswith(f"{name}.")] if name in self._outputs else [name]
            targets += [Target(step, target.called) for step in inside]
        return replace(step, targets=tuple(targets))

    def _nearest(self, target: str, steps: Collection[str]) -> str:
        """The step that a gate names: in its own document, or else in the nearest one around that."""
        place = target
        while place not in steps and place not in self._outputs and "." in place:
            *outer, _, name = place.split(".")  # a.b.name -> a.name
            place = ".".join((*outer, name))
        return place if place in steps or place in self._outputs else target

    def _resolved(self, step: ParsedStep, parameter: Parameter, argument: Argument) -> Argument:
        """An argument without aliases; a literal that came through one is checked like any other."""
        if isinstance(argument, Wire):
            value = self._follow(argument)
            if isinstance(value, Members) and not parameter.element_kinds and ANY not in parameter.kinds:
                raise _misfit(step, parameter, "takes one value, and what it selects is bound to several selectors")
            return self._checked(step, parameter, value) if isinstance(value, Literal) else value
        if isinstance(argument, Members):
            return Members(argument.keys, tuple(self._member(step, parameter, item) for item in argument.items))
        return argument

    def _member(self, step: ParsedStep, parameter: Parameter, item: Literal | Wire) -> Literal | Wire:
        value = self._follow(item) if isinstance(item, Wire) else item
        if isinstance(value, Members):
            raise _misfit(step, parameter, "a list of selectors cannot stand in a list of selectors")
        return value

    def _checked(self, step: ParsedStep, parameter: Parameter, value: Literal) -> Literal:
        if ANY in parameter.kinds:
            return value
        try:
            return Literal(parameter.takes(value.value))
        except ValueError as error:
            raise _misfit(step, parameter, str(error)) from error

    def _follow(self, wire: Wire) -> Argument:
        """What a selector stands for in the end."""
        passed: list[Reference] = []
        value: Argument = wire
        while isinstance(value, Wire) and self._is_alias(value.selector):
            if value.selector in passed:
                path = " -> ".join(str(selector).removeprefix("$steps.") for selector in (*passed, value.selector))
                raise ExecutionGraphStructureError(f"These names stand for each other: {path}.")
            passed.append(value.selector)
            value = self._aliases[value.selector]
        return value

    def _is_alias(self, selector: Reference) -> bool:
        """Whether a selector points into an inner workflow; raises when it points to nothing there."""
        if not isinstance(selector, OutputSelector) or selector.step not in self._outputs:
            return False
        if selector not in self._aliases and not is_wildcard(selector):
            inside = selector.output.startswith(INPUT_MARK)
            what = "input" if inside else "output"
            known = ", ".join(self._outputs[selector.step]) or "none"
            raise InvalidReferenceTargetError(
                f"The inner workflow {selector.step!r} has no {what} {selector.output.removeprefix(INPUT_MARK)!r}.",
                hint=f"Its outputs are: {known}."
                if what == "output"
                else "Declare it among the inputs of that workflow.",
                blocks=(BlockError(selector.step, INNER_TYPE),),
            )
        return selector in self._aliases

    def _resolve_output(self, output: ParsedOutput) -> ParsedOutput:
        selector = self._reference(output, output.selector)
        if not isinstance(selector, OutputSelector) or selector.step not in self._outputs:
            return replace(output, selector=selector)
        names = self._outputs[selector.step]
        parts = tuple((name, self._reference(output, OutputSelector(selector.step, name))) for name in names)
        for name, part in parts:
            if is_wildcard(part):
                raise ExecutionGraphStructureError(
                    f"The output {output.field.name!r} shows all outputs of {selector.step!r}, of which {name!r} shows "
                    "all outputs of a step itself.",
                    hint="Name the outputs one by one.",
                    blocks=(BlockError(block_id=output.field.name, property_name="selector"),),
                )
        return replace(output, selector=selector, parts=parts)

    def _reference(self, output: ParsedOutput, selector: Reference) -> Reference:
        value = self._follow(Wire(selector))
        if isinstance(value, Literal):
            what, hint = "a value that is written into the workflow", "Leave it out: it is always the same."
        if isinstance(value, Members):
            what, hint = "a list or dict of several values", "Show these one by one."
        if not isinstance(value, Wire):
            raise InvalidReferenceTargetError(
                f"The output {output.field.name!r} shows {what}.",
                hint=hint,
                blocks=(BlockError(block_id=output.field.name, property_name="selector"),),
            )
        return value.selector


def _refuse_dots(document: Document, scope: Scope) -> None:
    """Refuse names with a dot where they could be taken for those of steps in an inner workflow."""
    nested = scope.path or any(step.type == INNER_TYPE for step in document.steps)
    for step in document.steps:
        if nested and "." in step.name:
            raise WorkflowSyntaxError(
                f"The step {step.name!r} has a dot in its name.",
                hint="Where workflows have inner workflows, a dot leads from one to the steps in it. Use another name.",
                blocks=(BlockError(scope.name(step.name), step.type, property_name="name"),),
            )


def _misfit(step: ParsedStep, parameter: Parameter, what: str) -> WorkflowSyntaxError:
    """What an input of an inner workflow is bound to is not what a step in it takes."""
    return WorkflowSyntaxError(
        f"Step {step.name!r}, {parameter.name}: {what}.",
        blocks=step.blame(parameter, what),
    )


def _read(definition: Any, child: Scope) -> Document:
    """The document of an inner workflow; what is wrong with it is said with its name."""
    try:
        return read_document(definition)
    except WorkflowDefinitionError as error:
        message = f"In the inner workflow {child.path!r}: {error.message}"
        raise type(error)(message, hint=error.hint, context=error.context, blocks=error.blocks) from error

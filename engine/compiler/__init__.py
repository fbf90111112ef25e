"""From JSON to a plan, in passes: parse, link, check, axes, lower.

`parse` reads the document with `read`, and what its steps say with `arguments`. Where a step is a workflow itself,
`inner` hands over the steps of that one in its place: from then on there is one flat workflow, in which the step `x` of
the inner workflow `part` is called `part.x`. `link` makes sure that selectors point to something, and puts each step
after what it reads and after the gates that name it; `check` makes sure that kinds fit; `axes` says which axis
everything lies on; `lower` makes slots of names.

Inner workflows may be named by workspace and id. The engine gets their documents with `embed` before it compiles,
because the key under which it keeps a plan is made of the whole.
"""

from __future__ import annotations

from typing import Any

from engine.compiler.axes import lay_axes
from engine.compiler.check import check_kinds
from engine.compiler.link import link_steps
from engine.compiler.lower import lower_workflow
from engine.compiler.parse import parse_workflow
from engine.phase import Phase, during
from engine.plan import Plan
from engine.registry import Registry


def compile_workflow(definition: Any, registry: Registry) -> Plan:
    """Compile a workflow.

    Args:
        definition: the document as JSON gave it, with the documents of all inner workflows in it (see `embed`).
        registry: the blocks that its steps may be of.

    Raises:
        WorkflowCompilerError: the document is no workflow, or its steps do not fit together; says where and why.
        NotSupportedExecutionEngineError: it asks for another version of the engine.
        WorkflowEnvironmentConfigurationError: it comes with blocks of its own, which nothing here runs.
        DynamicBlockCodeError: the code of one does not compile.
    """
    workflow = parse_workflow(definition, registry)
    with during(Phase.GRAPH):
        order = link_steps(workflow)
        check_kinds(workflow)
        axes = lay_axes(workflow, order.names)
    return lower_workflow(workflow, order, axes)

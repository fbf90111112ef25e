"""Names in inner workflows, as the whole workflow knows them. Without inner workflows, all names stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from engine.selectors import OutputSelector, Reference

INPUT_MARK = "$"
"""Stands before the name of an input of an inner workflow. No name that a selector can have begins so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which document a name stands in.

    Attributes:
        path: of the inner workflow, as the whole workflow names it; empty for the workflow itself.
    """

    path: str = ""

    def name(self, step: str) -> str:
        """The name of a step of this document in the whole workflow. No name that a document can use has a dot."""
        return f"{self.path}.{step}" if self.path else step

    def reference(self, selector: Reference) -> Reference:
        """A selector of this document as the whole workflow knows it.

        `$inputs.image` in an inner workflow `part` becomes `$steps.part.$image`, which stands for what the input is
        bound to; the mark keeps it apart from an output `image`.
        """
        if isinstance(selector, OutputSelector):
            return OutputSelector(self.name(selector.step), selector.output)
        return OutputSelector(self.path, f"{INPUT_MARK}{selector.name}") if self.path else selector

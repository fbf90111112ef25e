"""Small blocks that a part of the corpus wires together: a module (or a package) for each plugin, under its name."""

from __future__ import annotations

NOT_EXPRESSIBLE = {
    "BlockOffsetsNotInProperRange": "asks for inputs two levels deeper than others; `Gathered` is one level",
    "BlockWithNegativeOffset": "asks for an input above the level it runs on; there is no such annotation",
    "LackOfZeroGroundOffset": "asks for nothing but deeper inputs beside a reference; a signature has no reference",
    "LackOfRequiredReferenceProperty": "lacks a reference; a signature has none, the plain inputs are it",
    "ManipulationOutputDimensionalityWhenInvalid": "moves its outputs and has inputs of two levels with a reference",
    "OutputDimensionalityInInvalidRange": "outputs two levels deeper; `Each` is one level",
    "DimensionalityReferencePropertyIsNotBatch": "names a literal as its reference; a signature has no reference",
    "IncompatibleBlock": "asks for an engine that does not exist; blocks and engine are of one version here",
    "FaultyInit": "fails when it is made; blocks are functions and are not made",
}
"""Blocks that cannot be written here, and why. What their workflows test cannot go wrong, so a step of such a type is
refused as one of no known type."""

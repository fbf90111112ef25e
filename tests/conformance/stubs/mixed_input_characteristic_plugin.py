"""Blocks that return a number, whatever they get and however it is nested."""

from __future__ import annotations

from typing import Any, TypedDict

from engine.block import block
from engine.kinds import Anything, ZeroToOne
from engine.values.shape import Batch, Wired


class Number(TypedDict):
    """A number."""

    float_value: ZeroToOne


@block("NonBatchInputBlock")
def non_batch_input(non_batch_parameter: Anything) -> Number:
    """Take a parameter."""
    return {"float_value": 0.4}


@block("MixedInputWithBatchesBlock")
def mixed_with_batches(mixed_parameter: Anything) -> Number:
    """Take a parameter or a batch."""
    return {"float_value": 0.4}


@block("MixedInputWithoutBatchesBlock")
def mixed_without_batches(mixed_parameter: Anything) -> Number:
    """Take a parameter or a row."""
    return {"float_value": 0.4}


@block("BatchInputBlockProcessingBatches")
def batch_processing_batches(batch_parameter: Batch[Wired[Anything]]) -> list[Number]:
    """Take a batch."""
    return [{"float_value": 0.4} for _ in batch_parameter]


@block("BatchInputBlockNotProcessingBatches")
def batch_not_processing_batches(batch_parameter: Wired[Anything]) -> Number:
    """Take a row."""
    return {"float_value": 0.4}


@block("CompoundNonBatchInputBlock")
def compound_non_batch(compound_parameter: dict[str, Anything]) -> Number:
    """Take named values."""
    return {"float_value": 0.4}


@block("CompoundMixedInputBlockManifestBlock")
def compound_mixed(compound_parameter: dict[str, Anything]) -> Number:
    """Take named values or batches."""
    return {"float_value": 0.4}


@block("CompoundStrictBatchBlock")
def compound_strict_batch(compound_parameter: Batch[Wired[dict[str, Any]]]) -> list[Number]:
    """Take named batches."""
    return [{"float_value": 0.4} for _ in compound_parameter]


@block("CompoundNonStrictBatchBlock")
def compound_non_strict_batch(compound_parameter: Wired[dict[str, Any]]) -> Number:
    """Take named rows."""
    return {"float_value": 0.4}

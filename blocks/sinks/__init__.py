"""Blocks that carry results out of a workflow."""

"""Blocks that work on pixels without a model."""

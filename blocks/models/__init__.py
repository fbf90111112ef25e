"""Blocks that run a model."""

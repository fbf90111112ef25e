"""Blocks that measure what is seen over time and space."""

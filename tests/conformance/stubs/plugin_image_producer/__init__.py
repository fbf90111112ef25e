"""Blocks that make and take pictures at all depths."""

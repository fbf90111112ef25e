"""Blocks that let steps pass or not."""

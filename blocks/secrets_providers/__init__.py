"""Blocks that read secrets."""

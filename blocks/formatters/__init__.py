"""Blocks that turn values into other values."""

"""Blocks that turn pictures and predictions into others."""

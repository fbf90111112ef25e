"""Tests of Python blocks."""

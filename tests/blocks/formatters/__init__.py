"""Tests of the blocks in formatters."""

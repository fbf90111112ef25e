"""Tests of the blocks in transformations."""

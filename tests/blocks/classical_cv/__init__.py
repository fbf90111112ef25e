"""Tests of the blocks in classical_cv."""

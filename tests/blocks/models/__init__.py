"""Tests of the blocks in models."""

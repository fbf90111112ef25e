"""Tests of the blocks in visualizations."""

"""Tests of the blocks in analytics."""

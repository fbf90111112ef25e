"""Tests of the blocks in trackers."""

"""Tests of the blocks in flow_control."""

"""Tests of the blocks in fusion."""

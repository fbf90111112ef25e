"""Tests of model families."""

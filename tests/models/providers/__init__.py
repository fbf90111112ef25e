"""Tests of the providers of weights."""

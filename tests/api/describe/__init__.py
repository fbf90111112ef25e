"""Tests of api/describe."""

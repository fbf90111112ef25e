"""Tests of what README and docs say."""

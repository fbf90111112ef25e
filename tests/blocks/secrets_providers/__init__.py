"""Tests of providers of secrets."""

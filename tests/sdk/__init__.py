"""Tests with the client that users have."""

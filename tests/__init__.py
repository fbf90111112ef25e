"""The tests, mirrored on the rooms."""

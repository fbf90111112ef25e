"""Blocks that bring several values together into one."""

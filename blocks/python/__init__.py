"""Blocks that come with a workflow, as Python code: run in processes of their own."""

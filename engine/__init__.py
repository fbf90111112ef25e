"""The graph: documents are compiled into plans, and plans are run."""

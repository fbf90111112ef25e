"""The values that flow along the edges of a workflow."""

"""Weights in, predictions out."""

"""Video in, results out."""

"""The version of Penstock, written once, and that of the engine which workflows may ask for."""

VERSION = "0.1.0"
ENGINE_VERSION = (1, 15, 0)
"""The execution engine of today's servers whose documents this one runs."""

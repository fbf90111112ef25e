"""The only code that touches bytes, addresses and paths that strangers send."""

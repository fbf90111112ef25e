"""The skin: routes, settings, command line."""

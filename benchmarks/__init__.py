"""What the server costs, measured in one run against a bare loop over the same model."""

"""Values as they travel."""

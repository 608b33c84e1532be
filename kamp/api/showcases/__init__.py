"""Published showcases, read only."""

"""Tags of the panel."""

"""Pages of consumer reports."""

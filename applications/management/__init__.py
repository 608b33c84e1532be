"""Commands, and what makes and measures data in bulk."""

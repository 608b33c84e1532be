"""Acts on all that a list selects."""

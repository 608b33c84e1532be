"""Template tags of KAMP."""

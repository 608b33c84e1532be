"""Pages of KAMP, by subject."""

"""Pages of KAMP, by chapter."""

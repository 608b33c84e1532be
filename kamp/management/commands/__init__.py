"""Commands of KAMP, by name."""

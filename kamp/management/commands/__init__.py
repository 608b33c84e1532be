"""Commands of KAMP."""

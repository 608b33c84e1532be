"""Forms of KAMP."""

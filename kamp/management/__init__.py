"""Management commands of KAMP."""

"""The API of KAMP."""

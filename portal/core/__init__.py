"""Errors, the clock, money, validators and plain JSON: imports nothing of the portal."""

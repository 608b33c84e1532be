"""Responsible officers on the staff site."""

"""Responsible officers: who has a file in charge, by which rules, and who stands in."""

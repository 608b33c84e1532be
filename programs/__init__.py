"""Rounds, sub-programmes, who may apply, and how much money is left."""

"""Rewards: fees and awards, paid through the ledger."""

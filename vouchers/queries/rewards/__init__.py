"""Reads of rewards: activity scores."""

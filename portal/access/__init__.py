"""Accounts, roles, the second factor, and who may open a view."""

"""Grants: what one firm may get, the limits of a year, the quota."""

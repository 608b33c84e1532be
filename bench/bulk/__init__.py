"""Bulk data: applications by the thousand, written in few statements per table."""

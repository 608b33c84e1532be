"""Measuring the portal against floors taken in the same run; `manage.py bench` runs it."""

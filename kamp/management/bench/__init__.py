"""Measuring the inspection; `manage.py bench --only inspection` runs it."""

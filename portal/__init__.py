"""Accounts, workflow, jobs, notices, files and documents: what every app needs.

Imports no other app. Settings name what the apps contribute: roles, audited tables, incidents.
"""

from portal.celery import app as celery_app

__all__ = ["celery_app"]

"""The ground: accounts, moves, jobs, notices, files and paper. It speaks no domain word."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]

"""Accounts, workflow, jobs, notices, files and documents: what every app needs.

Imports no other app. Settings name what the apps contribute: roles, audited tables, incidents.
"""

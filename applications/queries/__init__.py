"""Reads shared by pages, admin, API, PDFs and services."""

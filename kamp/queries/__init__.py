"""Reads of KAMP, shared by pages, PDFs and the API."""

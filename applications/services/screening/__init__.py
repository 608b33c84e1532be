"""Screening: eligibility checks, bonus claims and supplements."""

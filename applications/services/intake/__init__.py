"""Intake: drafting, partners, filing and late filing."""

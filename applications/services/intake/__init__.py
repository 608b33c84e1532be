"""Intake: drafting, partners, filing, late filing and reminders."""

"""Reads of the assessment: what an assessor may read, and who assesses."""

"""Reads of a draft: its questions, its parts and its partners."""

"""Decisions of KAMP over plain values."""

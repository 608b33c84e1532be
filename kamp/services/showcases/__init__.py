"""Showcases."""

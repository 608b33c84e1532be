"""Reads of the catalogue and the panel that several edges share."""

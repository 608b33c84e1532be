"""Registries of agencies: what they are asked about firms, and what they answered."""

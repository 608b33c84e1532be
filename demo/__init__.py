"""The demo: people and data for trying the portal. Never part of production."""

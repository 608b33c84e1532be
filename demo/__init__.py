"""The demo: people, data and a story for trying the portal. Never part of production."""

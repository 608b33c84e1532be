"""The demo's applications, decisions, agreements and deliveries."""

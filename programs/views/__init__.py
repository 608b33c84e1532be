"""Public pages of the programmes."""

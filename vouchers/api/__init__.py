"""API: services, published reports, corrections."""

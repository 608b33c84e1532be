"""The API of the panel: services, published reports, corrections."""

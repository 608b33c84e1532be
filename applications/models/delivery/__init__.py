"""Models of deliverables and experts."""

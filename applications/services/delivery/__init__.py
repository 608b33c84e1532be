"""Services of deliverables and experts."""

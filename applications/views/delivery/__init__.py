"""Pages of deliverables and experts."""

"""Staff screens of deliverables and experts."""

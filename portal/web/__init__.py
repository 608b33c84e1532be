"""Pages, middleware and errors of the portal itself."""

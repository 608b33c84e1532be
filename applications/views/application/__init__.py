"""Pages about an application as a whole."""

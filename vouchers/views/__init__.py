"""Pages for the public, applicants, members and suppliers."""

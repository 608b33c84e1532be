"""Forms of the public pages and the pages of members and suppliers."""

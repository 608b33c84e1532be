"""Forms of the public pages and of staff screens."""

"""Forms of the panel's pages and staff screens."""

"""Pages of companies and applications."""

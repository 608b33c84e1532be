"""Forms of companies and applications."""

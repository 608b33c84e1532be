"""Models of reports, spending and settlements."""

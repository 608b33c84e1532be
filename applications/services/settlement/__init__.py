"""Services of reports, spending and settlements."""

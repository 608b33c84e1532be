"""Pages of reports and spending."""

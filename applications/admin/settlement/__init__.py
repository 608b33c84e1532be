"""Acts of staff on reports, spending and settlements."""

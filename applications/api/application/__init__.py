"""API of applicants: own applications, and the check of a receipt."""

"""Management commands of applications."""

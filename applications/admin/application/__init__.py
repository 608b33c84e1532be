"""List and page of applications."""

"""Staff screens of fees and awards."""

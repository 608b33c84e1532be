"""Staff screens of agreements."""

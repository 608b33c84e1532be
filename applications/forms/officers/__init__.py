"""Forms about responsible officers."""

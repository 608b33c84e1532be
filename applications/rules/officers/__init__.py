"""Rules about responsible officers."""

"""Panel rounds: their data files, dates and covered services."""

"""Rules of consumer reports: completeness, automatic checks, ratings."""

"""The only code that writes rounds, the catalogue and money."""

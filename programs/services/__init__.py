"""The only writers of rounds, the catalogue and money."""

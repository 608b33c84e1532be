"""The only writers of KAMP's rows; requests of the background work that `kamp.jobs` does."""

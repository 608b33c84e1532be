"""The staff site: its lists, its screens with acts, its sign-in."""

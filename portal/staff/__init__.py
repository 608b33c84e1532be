"""The staff site: lists, screens with acts, and its sign-in."""

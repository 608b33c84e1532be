"""Parts of a draft, and what is frozen when it is filed."""

"""The only writers of the panel's states and money."""

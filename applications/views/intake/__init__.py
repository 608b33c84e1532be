"""Pages of a draft, from start to filing, and of its partners."""

"""Statistics of a round: figures, charts and the contents of its report."""

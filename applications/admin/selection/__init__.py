"""Selection: the ranked list from proposal to release, and changes of decisions."""

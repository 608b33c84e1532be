"""Selection: proposals, decisions, their changes, and exceptions from aid limits."""

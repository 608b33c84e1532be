"""Selection: proposals, decisions, changes, reserve list, notices and aid limits."""

"""Selection: decisions in force, the reserve list, and aid per company."""

"""What is measured, one module a part."""

# In this order. `fixtures` is no part: it prepares the database that every part copies.
PARTS = (
    "filing",
    "lists",
    "scoring",
    "papers",
    "readers",
    "audit",
    "catalogue",
    "assignment",
    "inspection",
)

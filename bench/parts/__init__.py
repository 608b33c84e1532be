"""The parts of the benchmark, one module each.

A part has `PART` (its name), `measure(environment, template, quick=, log=)`, which returns the rows
of the report, and where needed `run(**options)`, which does the measured work in a process of its
own and returns plain JSON data.
"""

# Measured in this order. `fixtures` only prepares the database that every part copies.
PARTS = (
    "journey",
    "filing",
    "storm",
    "pages",
    "lists",
    "sets",
    "scoring",
    "recheck",
    "documents",
    "audit",
    "restore",
    "cluster",
    "catalogue",
    "assignment",
    "inspection",
)

"""Pure decisions on selection, assignment, reports and rewards; no database, no clock."""

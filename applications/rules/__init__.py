"""Pure decisions about applications: no database, no clock, no request."""

"""Pure decisions about programmes: no database, no clock, no request."""

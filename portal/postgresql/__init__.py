"""The database engine of the settings: PostgreSQL, asked less often whether it is there."""

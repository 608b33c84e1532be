"""Documents: PDF, HWPX, tables and charts."""

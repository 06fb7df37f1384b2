"""Rows out of DuckDB, or as they were sent, into arrays."""

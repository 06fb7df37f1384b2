"""The HTTP face of the queries."""

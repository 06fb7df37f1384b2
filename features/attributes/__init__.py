"""Attributes of the customer table, and the label that a user brings."""

"""Customers scored now, from events that a caller sends."""

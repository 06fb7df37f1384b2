"""Formulas of SQL as operations in numpy."""

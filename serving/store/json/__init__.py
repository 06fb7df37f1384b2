"""Scores as JSON, as rows or by column."""

"""Shops that were made up, of which everything is known."""

"""Figures and reasons in words, in English and Chinese."""

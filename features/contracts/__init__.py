"""Contracts: the plan of their features, and their outcomes."""

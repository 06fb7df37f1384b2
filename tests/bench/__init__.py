"""Benchmarks: run by make, not by pytest."""

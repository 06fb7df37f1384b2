"""Snapshots, fitting, grading and the registry."""

"""The tests, by folder."""

"""A nightly run: every customer scored, graded and reported."""

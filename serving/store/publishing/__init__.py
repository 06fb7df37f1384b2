"""Writing a run aside, and publishing it in one transaction."""

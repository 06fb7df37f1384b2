"""What users touch: the scorer, the store, the API."""

"""The families of a plan, compiled from its query."""

"""How good the served models are on real logs, at many instants of each."""

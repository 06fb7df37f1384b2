"""Proof that nothing sees the future, and what knows the answer."""

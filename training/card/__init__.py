"""What is written of a version: its card, its pictures, what moves its figures."""

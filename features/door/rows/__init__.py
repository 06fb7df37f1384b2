"""What a good row is, and what is set aside with which reason."""

"""What a tier scheme is, and what is wrong with one."""

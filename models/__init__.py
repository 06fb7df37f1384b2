"""What is fitted, and what it says of one customer."""

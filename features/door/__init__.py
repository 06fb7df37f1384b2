"""What a file is, which column is which, what a row means, what is set aside."""

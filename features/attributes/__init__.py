"""What a customer table says: attributes, and the label that a user brings."""

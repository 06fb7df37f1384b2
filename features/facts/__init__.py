"""What is true of a customer today, for rules and reports."""

"""Models of customers who pay regularly: contracts, and labels that a user brings."""

"""Models of customers who buy when they like."""

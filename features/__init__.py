"""The log becomes one row a customer, as of an instant."""

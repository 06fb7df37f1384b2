"""The rows of customers in numpy: lines, moments, orders, days, items, contacts."""

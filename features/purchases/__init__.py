"""From purchases and interactions to one row of features a customer."""

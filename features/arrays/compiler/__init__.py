"""From the SQL of a plan to numpy over the sums of customers."""

"""The kinds of churn, one file each: what differs from kind to kind."""

"""What a score holds, and the facts and figures beside it."""

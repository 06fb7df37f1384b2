"""What a rule may say: its nodes, literals and limits, and the reader of its text."""

"""Questions about lists, one function each."""

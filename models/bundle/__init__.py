"""What is served: a folder of files, checked when it is loaded, and what it scores."""

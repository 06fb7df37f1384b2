"""One module a command; each asks the rooms below and shows their answer."""

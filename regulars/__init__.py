"""The front door: the command line, the settings, the demo."""

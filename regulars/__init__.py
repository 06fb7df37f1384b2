"""The front door: the command line, the settings, the demo."""

from importlib.metadata import version

__version__ = version("regulars")
"""That of the installed package: ``pyproject.toml`` alone says which it is."""

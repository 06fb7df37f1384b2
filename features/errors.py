"""The errors that a user is shown without a traceback."""


class RegularsError(Exception):
    """Say what was given, what is needed and what to do.

    Parameters
    ----------
    given : str
        What was found.
    needed : str
        What would have been right.
    todo : str
        What to do next.
    """

    def __init__(self, given: str, *, needed: str = "", todo: str = "") -> None:
        self.given = given
        self.needed = needed
        self.todo = todo
        super().__init__(" ".join(part for part in (given, needed, todo) if part))


class TableError(RegularsError):
    """A file that cannot be read as the table it is meant to be."""


class DataError(RegularsError):
    """Tables that were read, but cannot carry what was asked of them."""


class ConfigError(RegularsError):
    """A setting or argument that is wrong."""


class BundleError(RegularsError):
    """A model bundle that is damaged, altered or of another make."""


class GateError(RegularsError):
    """A model that is not good enough to be served."""


class StoreError(RegularsError):
    """A store that cannot be reached, read or written."""

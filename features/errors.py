"""The errors that a user is shown without a traceback."""


class RegularsError(Exception):
    """Say what was given, what is needed and what to do.

    Parameters
    ----------
    problem : str
        What was given.
    needed : str
        What would have been right.
    todo : str
        What to do next.
    """

    def __init__(self, problem: str, *, needed: str = "", todo: str = "") -> None:
        self.problem = problem
        self.needed = needed
        self.todo = todo
        super().__init__(" ".join(part for part in (problem, needed, todo) if part))


class TableError(RegularsError):
    """A file that cannot be read as the table it is meant to be."""


class DataError(RegularsError):
    """Tables that were read, but do not suffice for what was asked."""


class QueryError(RegularsError):
    """A file of SQL that cannot be rendered or run; it says where the fault is."""


class ConfigError(RegularsError):
    """A setting or argument that is wrong."""


class BundleError(RegularsError):
    """A model bundle that is damaged, altered or of another format."""


class GateError(RegularsError):
    """A model that is not good enough to be served."""


class StoreError(RegularsError):
    """A store that cannot be reached, read or written."""


class RuleError(ConfigError):
    """A rule that is refused, and where its fault is.

    Parameters
    ----------
    problem, needed, todo : str
        As in every error; ``problem`` may quote the rule.
    fault : str
        The problem without the rule's own words, for those who may not see it.
    offset : int
        Characters before the fault.
    line, column : int
        The place of the fault, from 1.
    """

    def __init__(
        self,
        problem: str,
        *,
        needed: str = "",
        todo: str = "",
        fault: str = "",
        offset: int = 0,
        line: int = 1,
        column: int = 1,
    ) -> None:
        super().__init__(problem, needed=needed, todo=todo)
        self.fault = fault
        self.offset = offset
        self.line = line
        self.column = column

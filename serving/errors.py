"""What can go wrong in serving, and the HTTP problem that each error becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from features.errors import (
    BundleError,
    ConfigError,
    DataError,
    RegularsError,
    RuleError,
    StoreError,
    TableError,
)


class UnknownCustomerError(RegularsError):
    """A customer that the run does not hold."""


class UnknownRunError(RegularsError):
    """A run that was never published, or is no longer kept."""


class UnknownSchemeError(RegularsError):
    """A tier scheme that a run does not have."""


class UnknownListError(RegularsError):
    """A list that there is none of."""


class DefinitionError(ConfigError):
    """Definitions that cannot be used.

    Parameters
    ----------
    member : str
        Of the request, where they are.
    faults : mapping of str to ConfigError
        By name, what is wrong.
    """

    def __init__(self, member: str, faults: Mapping[str, ConfigError]) -> None:
        super().__init__(" ".join(str(fault) for fault in faults.values()))
        self.member = member
        self.faults = faults


class ListTakenError(RegularsError):
    """A name that another list has, or a list that is not changed over the API."""


class UnpayableError(RegularsError):
    """A list whose profit is asked without what the action costs and saves."""


class UnknownReportError(RegularsError):
    """A report that there is not, or that the run was published without."""


class UnpublishedError(RegularsError):
    """No run has been published yet."""


class CursorError(RegularsError):
    """A cursor that is not ours, or was made for another question."""


class CursorExpiredError(CursorError):
    """A cursor into a run that is no longer kept."""


class UnscorableError(RegularsError):
    """Events from which no score can be made."""


class UnauthenticatedError(RegularsError):
    """No API key, or one that does not hold."""


class ForbiddenError(RegularsError):
    """An API key without the scope that is needed."""


class KeyInUrlError(RegularsError):
    """An API key in the address, where logs and proxies see it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of RFC 9457 problem.

    Parameters
    ----------
    status : int
        The HTTP status.
    slug : str
        The last part of the stable ``type``.
    title : str
        The same for every problem of the kind.
    detail : str
        What to do; never a word of what was sent.
    retry_after : int or None
        Seconds to wait, where waiting helps.
    """

    status: int
    slug: str
    title: str
    detail: str
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """Return the stable name of the kind of problem."""
        return f"urn:regulars:problem:{self.slug}"


INVALID = Problem(
    422,
    "invalid-request",
    "The request is not valid",
    "See errors for each fault and where it is.",
)
BAD_RULE = Problem(
    422,
    "invalid-rule",
    "The rule is not in the language",
    "See errors for the line and the column of the fault, and docs/rules.md.",
)
INTERNAL = Problem(
    500,
    "internal",
    "Something went wrong here",
    "Tell the operator the request_id; the log has the details.",
)

PROBLEMS: Mapping[type, Problem] = MappingProxyType(
    {
        UnknownCustomerError: Problem(
            404,
            "unknown-customer",
            "No such customer in the published run",
            "Customers without a purchase before as_of have no score.",
        ),
        UnknownRunError: Problem(
            404,
            "unknown-run",
            "No such run is kept",
            "The last 30 runs are; GET /v1/model names the published one.",
        ),
        UnknownSchemeError: Problem(
            404,
            "unknown-scheme",
            "No such tier scheme in the run",
            "GET /v1/tiers lists the schemes.",
        ),
        UnknownListError: Problem(
            404,
            "unknown-list",
            "No such list",
            "GET /v1/lists names all lists.",
        ),
        ListTakenError: Problem(
            409,
            "list-taken",
            "The list is not one of the API",
            "Presets and lists of regulars.toml are changed there; take another name.",
        ),
        UnpayableError: Problem(
            422,
            "no-action",
            "The list does not say what its action costs and saves",
            "Give cost and save_rate, or define the list with an action.",
        ),
        UnknownReportError: Problem(
            404,
            "unknown-report",
            "The run has no such report",
            "`GET /v1/reports` lists them; runs scored by an older program have none.",
        ),
        UnpublishedError: Problem(
            503,
            "not-ready",
            "No scores are published yet",
            "Run `regulars score`, then ask again.",
            retry_after=30,
        ),
        CursorExpiredError: Problem(
            410,
            "cursor-expired",
            "The run of this cursor is no longer kept",
            "Start again without a cursor.",
        ),
        CursorError: Problem(
            422,
            "invalid-cursor",
            "The cursor does not belong to this question",
            "Give next_cursor back unchanged, with the same filters and sort.",
        ),
        UnscorableError: Problem(
            422,
            "unscorable",
            "These events cannot be scored",
            "At least one purchase (amount > 0) must be known before as_of.",
        ),
        UnauthenticatedError: Problem(
            401,
            "unauthenticated",
            "A valid API key is needed",
            "Send `Authorization: Bearer rgl_...` or `X-API-Key: rgl_...`.",
        ),
        ForbiddenError: Problem(
            403,
            "forbidden",
            "The API key lacks the scope for this",
            "Create a key with the scope that the operation names.",
        ),
        KeyInUrlError: Problem(
            400,
            "key-in-url",
            "An API key must not be in the address",
            "Revoke the key, create another and send it in the Authorization header.",
        ),
        BundleError: Problem(
            503,
            "no-model",
            "No verified model is in service",
            "Look-ups still work; the log says why the bundle was refused.",
            retry_after=30,
        ),
        StoreError: Problem(
            503,
            "store-unavailable",
            "The store cannot be reached",
            "Ask again later.",
            retry_after=5,
        ),
        RuleError: BAD_RULE,
        ConfigError: INVALID,
        TableError: INVALID,
        DataError: INVALID,
        RegularsError: INTERNAL,
    }
)
"""The problem of each class of error; a subclass without one has its parent's."""

STATUSES: Mapping[int, Problem] = MappingProxyType(
    {
        400: Problem(400, "bad-request", "The request cannot be read", "Check it."),
        404: Problem(404, "not-found", "There is nothing here", "See /openapi.json."),
        405: Problem(
            405,
            "method-not-allowed",
            "This address does not take that method",
            "See the Allow header.",
        ),
        413: Problem(
            413,
            "too-large",
            "The body is too large",
            "Send fewer customers or events at a time.",
        ),
        415: Problem(
            415,
            "unsupported-media-type",
            "The body is not plain JSON",
            "Send Content-Type: application/json, not compressed.",
        ),
    }
)
"""Problems that HTTP itself raises."""


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is shown as.

    >>> problem_of(CursorExpiredError("the run is gone")).status
    410
    >>> problem_of(ZeroDivisionError()).status
    500
    """
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    return INTERNAL

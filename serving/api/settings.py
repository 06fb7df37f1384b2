"""What an operator may choose of the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Settings of the API.

    Parameters
    ----------
    docs : bool
        Serve ``/docs`` and ``/openapi.json``.
    max_body_bytes : int
        Longer bodies are refused unread.
    """

    docs: bool = True
    max_body_bytes: int = 1_000_000

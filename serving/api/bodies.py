"""Read a body of JSON strictly, as a request of ours."""

from __future__ import annotations

from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

Body = TypeVar("Body", bound=BaseModel)


def read_body(kind: type[Body], body: bytes) -> Body:
    """Return a body as a request.

    Raises
    ------
    RequestValidationError
        If it is none; the faults say where, and not what was sent.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as exc:
        errors = exc.errors(
            include_url=False, include_input=False, include_context=False
        )
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in errors]
        ) from None

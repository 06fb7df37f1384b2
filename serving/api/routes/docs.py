"""The documentation page, all of it from this machine."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).resolve().parents[2] / "static"

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Swagger UI styles inline and draws its icons from data: addresses."""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def get_docs() -> FileResponse:
    """Return the page."""
    return FileResponse(STATIC / "docs.html", headers={"Content-Security-Policy": CSP})


def static_files() -> StaticFiles:
    """Return the app that serves the page's assets."""
    return StaticFiles(directory=STATIC)

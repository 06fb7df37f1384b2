"""A FastAPI that answers every look-up with the same bytes: what a server costs."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response


def constant_app(body: bytes) -> FastAPI:
    """Return an app with one route."""
    app = FastAPI()

    @app.get("/v1/customers/{customer_id}")
    async def constant(customer_id: str) -> Response:
        return Response(body, media_type="application/json")

    return app


if __name__ == "__main__":
    served = constant_app(Path(sys.argv[1]).read_bytes())
    uvicorn.run(served, port=int(sys.argv[2]), access_log=False, log_level="warning")

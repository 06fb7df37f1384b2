"""The addresses of the API, a file a subject; ``ROUTERS`` are all of them."""

from fastapi import APIRouter

from serving.api.routes import (
    actions,
    customers,
    lists,
    model,
    movement,
    operations,
    predict,
    reports,
    tiers,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    subject.router
    for subject in (
        actions,
        movement,  # before customers, whose ids may hold a slash
        customers,
        lists,
        tiers,
        reports,
        predict,
        model,
        operations,
    )
)
"""In the order in which an address is looked for."""

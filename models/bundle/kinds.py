"""The kinds of model that can be served, and what scoring asks of any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.purchases.model import CustomerModel
from models.recurring.model import MixedModel

ServedModel = CustomerModel | MixedModel

MODELS: Mapping[str, type[CustomerModel] | type[MixedModel]] = {
    "purchases": CustomerModel,
    "labels": MixedModel,
    "subscriptions": MixedModel,
}
"""The class of each kind, as a bundle's ``model.json`` names it."""


def restore_model(values: Mapping[str, Any], **beside: Any) -> ServedModel:
    """Restore a model of whichever kind, with what was kept beside it."""
    return MODELS[values.get("kind", "purchases")].from_dict(values, **beside)

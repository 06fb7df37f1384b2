"""How close we should be to each class of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt

Level = Annotated[StrictInt, Field(ge=1, le=5)]

RECOMMENDED: Mapping[str, int] = {"VIP": 5, "A": 4, "B": 3, "C": 2}
"""The level of relation that each class deserves; ours, the literature gives none."""


class RelationLevels(BaseModel):
    """The level of relation, 1 to 5, that each class of the ABC report deserves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    VIP: Level = Field(default=5, description="of the top 1 %")
    A: Level = Field(default=4, description="of who makes the first 70 %")
    B: Level = Field(default=3, description="of who makes the next 20 %")
    C: Level = Field(default=2, description="of the rest")

"""What all settings are made of: the base class, and the types of numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict

Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
FROM_LIST = Strict(False)  # TOML has lists, settings hold tuples
Range = Annotated[tuple[float, float], FROM_LIST]
Counts = Annotated[tuple[Count, ...], Field(min_length=1), FROM_LIST]


class Settings(BaseModel):
    """Base of all settings: frozen, no key that is not declared, no other type, no infinite number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

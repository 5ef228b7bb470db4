"""The base of every model that crosses a border of this system."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: equal by content, never changed, without members nobody declared.

    Validation messages never repeat their input, since it may hold a password.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

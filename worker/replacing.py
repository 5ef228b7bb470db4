"""Changing fields of frozen values that have many of them."""

from typing import TYPE_CHECKING

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value, /, **changes):
        """`dataclasses.replace` for a dataclass without slots and without `__post_init__`.

        An order has fifty fields and goes through a dozen changes in a batch. To set each field anew, as the library does,
        took a fifth of the time of applying an event.
        """
        changed = object.__new__(type(value))
        changed.__dict__.update(value.__dict__, **changes)
        return changed

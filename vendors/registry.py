"""Every vendor, one line each, in alphabetical order."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import cast

from vendors.contract import Adapter
from vendors.simulator.shell import Device

PLATFORMS: dict[str, str] = {
    "huawei_smartax": "vendors.huawei_smartax",
    "zte_titan": "vendors.zte_titan",
    "zte_zxan": "vendors.zte_zxan",
}
"""Platform as the inventory names it → its package, which holds `adapter.py` and `simulator.py`."""


@dataclass(frozen=True)
class Vendor:
    """One entry: the adapter, and the simulated other side."""

    adapter: Adapter
    device: Device


@cache
def vendor(platform: str) -> Vendor:
    """The vendor of a platform, imported when first asked for. Raises KeyError for an unknown platform."""
    package = PLATFORMS[platform]
    return Vendor(
        adapter=cast("Adapter", import_module(f"{package}.adapter")),
        device=import_module(f"{package}.simulator").DEVICE,
    )

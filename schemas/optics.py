"""Limits of optical levels, and what lies beyond them."""

from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from schemas.config import ConfigModel

Dbm = Annotated[float, Field(ge=-60, le=30)]


class Finding(NamedTuple):
    """A level beyond its limit: reason code, what was measured and the limit, dBm."""

    code: str
    value: float | None
    limit: float | None


class OpticalLimits(ConfigModel):
    """Levels in dBm beyond which a result carries a warning. What has no limit is not judged.

    ONU RX -8 to -27 dBm lies inside what class B+ and C+ receivers take (G.984.2).
    """

    onu_rx_min_dbm: Dbm = Field(-27.0, description="Weakest level at the ONU.")
    onu_rx_max_dbm: Dbm = Field(-8.0, description="Strongest level at the ONU.")
    onu_tx_min_dbm: Dbm | None = Field(None, description="Weakest level that the ONU sends.", examples=[0.5])
    onu_tx_max_dbm: Dbm | None = Field(None, description="Strongest level that the ONU sends.", examples=[5])
    olt_rx_min_dbm: Dbm | None = Field(None, description="Weakest level at the OLT.", examples=[-30])
    olt_rx_max_dbm: Dbm | None = Field(None, description="Strongest level at the OLT.", examples=[-10])
    expected_tolerance_db: Annotated[float, Field(gt=0, le=30)] = Field(
        3.0, description="How far ONU RX may lie from the level that the order expects."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "OpticalLimits":
        for name in ("onu_rx", "onu_tx", "olt_rx"):
            low, high = getattr(self, f"{name}_min_dbm"), getattr(self, f"{name}_max_dbm")
            if low is not None and high is not None and low >= high:
                raise ValueError(f"{name}_min_dbm must be below {name}_max_dbm")
        return self

    def judge(
        self,
        onu_rx_dbm: float | None,
        onu_tx_dbm: float | None,
        olt_rx_dbm: float | None,
        expected_rx_dbm: float | None = None,
    ) -> tuple[Finding, ...]:
        """What lies beyond its limit, as reason codes of `events.reasons`. ONU RX not read is a finding itself."""
        found = [Finding("optics_unread", None, None)] if onu_rx_dbm is None else []
        found += _outside("onu_rx", onu_rx_dbm, self.onu_rx_min_dbm, self.onu_rx_max_dbm)
        found += _outside("onu_tx", onu_tx_dbm, self.onu_tx_min_dbm, self.onu_tx_max_dbm)
        found += _outside("olt_rx", olt_rx_dbm, self.olt_rx_min_dbm, self.olt_rx_max_dbm)
        return tuple(found + self._against_expected(onu_rx_dbm, expected_rx_dbm))

    def _against_expected(self, rx_dbm: float | None, expected_dbm: float | None) -> list[Finding]:
        if rx_dbm is None or expected_dbm is None or abs(rx_dbm - expected_dbm) <= self.expected_tolerance_db:
            return []
        return [Finding("rx_differs_from_expected", rx_dbm, expected_dbm)]


def _outside(name: str, value: float | None, low: float | None, high: float | None) -> list[Finding]:
    if value is not None and low is not None and value < low:
        return [Finding(f"{name}_low", value, low)]
    if value is not None and high is not None and value > high:
        return [Finding(f"{name}_high", value, high)]
    return []

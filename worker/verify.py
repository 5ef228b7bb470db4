"""Whether an ONU that is configured as wanted also serves, and what to do until then. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from events.outputs import Applied, Optical, Skipped, Warned
from events.reasons import clean, reason
from events.stages import Stage
from schemas.inventory import Olt
from schemas.optics import Finding
from vendors.contract import Observation, Optics, Registration, Serving
from worker.applied import unconfirmed
from worker.notes import Notes
from worker.outcome import Completed, Failed, Later
from worker.store.orders import Achieved, Failure
from worker.wish import Wish, told_skipped

OPTICS_WAIT_S = 30.0
"""An ONU that is online and whose levels are not shown yet is asked again for this long."""


_ENDLESS_S = 3650 * 86400.0


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, and how often is looked. Seconds."""

    light_s: float = 28800.0
    light_poll_s: float = 10.0
    light_fast_for_s: float = 900.0
    light_poll_slow_s: float = 120.0
    online_s: float = 180.0
    online_poll_s: float = 5.0

    @property
    def endless(self) -> "Patience":
        """How long is waited under a clock that is in doubt: until it is not."""
        return replace(self, light_s=_ENDLESS_S, online_s=_ENDLESS_S)

    def light_pause(self, waited_s: float) -> float:
        """How long until the next look for light."""
        return self.light_poll_s if waited_s < self.light_fast_for_s else self.light_poll_slow_s


@dataclass(frozen=True)
class Look:
    """One look at an ONU that is configured as wanted."""

    olt: Olt
    wish: Wish
    found: Registration
    serving: Serving
    notes: Notes
    now: datetime
    began_at: datetime
    deadline_at: datetime | None
    expected_rx_dbm: float | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    seen: Observation | None = None
    """The whole observation, with what of it is known to be current."""
    never_shown: tuple[str, ...] = ()

    @property
    def not_applied(self) -> tuple[Skipped, ...]:
        """Wishes that could not be, and those of which nothing tells that they are."""
        known = self.wish.skipped
        if self.seen is None:
            return known
        more = unconfirmed(self.wish.desired, self.wish.limits, self.seen, self.never_shown)
        return (*known, *(told_skipped(one.field, one.reason) for one in more))


def judge(look: Look, patience: Patience) -> Completed | Failed | Later:
    """Completed once it is online and its levels are read; later, until its time is up; then failed."""
    if look.serving == "dark" and not look.notes.lit:
        return wait_for_light(
            replace(look.notes, window=None), look.now, look.began_at, look.deadline_at, patience, look.params
        )
    window = min(look.notes.window_at or look.now, look.now)
    notes = replace(look.notes, window=window.isoformat(), waits=0, unread=0)
    over = look.now - window
    if look.serving == "online":
        read = look.found.optics is not None and look.found.optics.onu_rx_dbm is not None
        if read or over >= timedelta(seconds=min(OPTICS_WAIT_S, patience.online_s)):
            return Completed(_achieved(look))
    elif over >= timedelta(seconds=patience.online_s):
        return _not_serving(look)
    return Later(patience.online_poll_s, notes.kept(), Stage.VERIFYING)


def wait_for_light(
    notes: Notes,
    now: datetime,
    began_at: datetime,
    deadline_at: datetime | None,
    patience: Patience,
    params: Mapping[str, object],
) -> Failed | Later:
    """Later, until the time to wait for light is up."""
    waited_s = (now - began_at).total_seconds()
    if waited_s >= patience.light_s or (deadline_at is not None and now >= deadline_at):
        return Failed(Failure("no_light", params))
    kept = replace(notes, waits=0, unread=0).kept()
    return Later(patience.light_pause(waited_s), kept, Stage.WAITING_FOR_LIGHT)


def _not_serving(look: Look) -> Failed:
    if look.serving != "failed":
        return Failed(Failure("not_online", look.params))
    states = clean(", ".join(f"{name}: {state}" for name, state in look.found.states.items()))
    return Failed(Failure("onu_config_failed", {**look.params, "detail": states}))


def _achieved(look: Look) -> Achieved:
    optics = look.found.optics or Optics()
    levels = (optics.onu_rx_dbm, optics.onu_tx_dbm, optics.olt_rx_dbm)
    findings = look.wish.resolved.optical.judge(*levels, look.expected_rx_dbm)
    not_applied = look.not_applied
    lost = {skip.field for skip in not_applied[len(look.wish.skipped) :]} | look.wish.limits
    return Achieved(
        olt_id=look.olt.id,
        pon_port=look.found.port,
        onu_id=look.found.onu_id,
        applied=Applied.of(look.wish.desired.without(lost)),
        optical=Optical(onu_rx_dbm=levels[0], onu_tx_dbm=levels[1], olt_rx_dbm=levels[2]),
        changed=look.notes.changed,
        plan_hash=look.notes.plan_hash,
        model_seen=look.notes.model_seen,
        model_rule=look.wish.resolved.rule,
        distance_m=optics.distance_m,
        not_applied=not_applied,
        warnings=tuple(_warned(finding) for finding in findings) + _other_model(look.wish),
    )


def _warned(finding: Finding) -> Warned:
    texts = reason(finding.code).say({"value": finding.value, "limit": finding.limit})
    return Warned(
        code=finding.code,
        value=finding.value,
        limit=finding.limit,
        text_pt=texts.text_pt,
        text_en=texts.text_en,
        action_pt=texts.action_pt,
        action_en=texts.action_en,
    )


def _other_model(wish: Wish) -> tuple[Warned, ...]:
    if wish.models_differ is None:
        return ()
    texts = reason("model_differs_from_stock").say(wish.models_differ)
    return (
        Warned(
            code="model_differs_from_stock",
            text_pt=texts.text_pt,
            text_en=texts.text_en,
            action_pt=texts.action_pt,
            action_en=texts.action_en,
        ),
    )

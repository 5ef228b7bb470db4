"""Any character in any field of an event: refused when it is read, or on the OLT as the rules say; and no line besides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import Event, RawRecord, parse_record
from events.inputs import InstallStarted
from schemas.configuration import Configuration
from schemas.inventory import Inventory
from schemas.onu import DesiredOnu
from schemas.place import Place
from schemas.services import Services
from tests.conformance.case import SERIAL
from tests.conformance.test_texts import ANY, NASTY, Desk, desk, only_what_was_meant
from tests.conformance.work import Site
from tests.support.installation import started
from vendors.catalog import shipped
from worker.resolve import Resolved, Unit, resolve

__all__ = ["desk"]
TEXTS = (
    "service_order_id", "customer_id", "contract_id", "customer_name", "plan_code", "technician_id", "site", "olt_id",
    "pon_port", "cto", "pppoe_login", "pppoe_password", "wifi_name", "wifi_key", "model",
)  # fmt: skip
"""Every text of `install.started`, and the model that stock names."""
FITTING = st.text(alphabet="abcXYZ019_.-", min_size=8, max_size=31).filter(lambda text: text[0].isalnum())
"""What every one of them may be, but a port."""
FOR_PEOPLE = ("customer_name", "technician_id", "cto", "model")


def test_these_are_all_the_texts_of_an_installation() -> None:
    texts = {
        name
        for name, field in InstallStarted.model_fields.items()
        if name not in {"mode", "started_at", "serial", "cto_port", "expected_rx_dbm", "priority"}
    }
    assert texts | {"model"} == set(TEXTS)


def test_an_installation_arrives_on_the_olt_as_the_rules_say(desk: Desk) -> None:
    site = desk.site
    site.start_anew()
    wish = wished(site, {"plan_code": "FIBRA.7", "service_order_id": "OS-7"})
    assert wish is not None
    assert wish.description == "FIBRA.7-OS-7"
    desk.loop.run(site.run(wish))
    sent = b"".join(site.olt.journal.raw.values())
    assert b"FIBRA.7-OS-7" in sent
    assert wish.wan is None or (wish.wan.login or "?").encode() in sent


@given(data=st.data())
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_field_of_an_event_reaches_the_olt_unchecked(desk: Desk, data: st.DataObject) -> None:
    site, loop = desk.site, desk.loop
    plain = data.draw(st.lists(st.sampled_from([*TEXTS]), max_size=6, unique=True), label="fields")
    texts = {name: data.draw(FITTING, label=name) for name in plain if name != "pon_port"}
    for name in data.draw(st.lists(st.sampled_from([*TEXTS]), max_size=1), label="odd"):
        texts[name] = data.draw(st.one_of(NASTY, ANY), label=name)
    if (wish := wished(site, texts)) is None:
        return
    site.start_anew()
    loop.run(site.run(wish))
    assert site.wrong(wish) == []
    only_what_was_meant(site)
    sent = b"".join(site.olt.journal.raw.values()).decode("latin-1")
    told = {texts.get(name, "") for name in set(TEXTS) - set(FOR_PEOPLE)}
    found = {
        texts[name]
        for name in FOR_PEOPLE
        if len(texts.get(name, "")) >= 8 and texts[name] in sent and texts[name] not in told
    }
    usual = _usual(desk) if found else ""
    assert not [text for text in found if text not in usual]


def _usual(desk: Desk) -> str:
    """What is sent where the event has nothing odd: `password` and the like are words of the commands."""
    desk.site.start_anew()
    wish = wished(desk.site, {})
    assert wish is not None
    desk.loop.run(desk.site.run(wish))
    return b"".join(desk.site.olt.journal.raw.values()).decode("latin-1")


def wished(site: Site, texts: dict[str, str]) -> DesiredOnu | None:
    """What an order with these texts asks of the OLT; None where it is refused before."""
    member = {name: text for name, text in texts.items() if name != "model"}
    event = started(**{"wifi_name": "Casa", "site": "centro", **member})
    value = json.dumps(event, ensure_ascii=False).encode(errors="surrogatepass")
    outcome = parse_record(
        RawRecord("t", 0, 0, None, None, value), source_timezone=UTC, now=datetime.now(UTC)
    )
    if not isinstance(outcome, Event):
        return None
    assert isinstance(outcome.data, InstallStarted)
    unit = Unit(SERIAL, texts.get("model", "caixa"))
    found = resolve(outcome.data, unit, Place(olt="olt-1", port=site.case.port), _configuration(site))
    return found.desired if isinstance(found, Resolved) else None


def _configuration(site: Site) -> Configuration:
    """One rule, which gives all that the platform does; the plan and the order stand in what an OLT is told."""
    olt = {
        "id": "olt-1",
        "site": "centro",
        "platform": site.case.adapter.PLATFORM.name,
        "address": "127.0.0.1",
    }
    rule = {"name": "tudo", "give": _gives(site.case.wishes["full"])}
    services = Services.model_validate({"models": [rule], "onus": [{"name": "*", "onu_class": "router"}]})
    inventory = Inventory.model_validate({"description": "{plan_code}-{service_order_id}", "olts": [olt]})
    return Configuration(inventory, services, shipped())


def _gives(wish: DesiredOnu) -> dict[str, Any]:
    """The rule that leads to this wish, apart from what the order itself brings."""
    give: dict[str, Any] = wish.model_dump(exclude={"serial", "port", "description"}, exclude_none=True)
    give["lan_ports"] = [{**row, "ports": row.pop("port")} for row in give["lan_ports"]]
    give["wifi"] = [{"index": row["index"]} for row in give["wifi"]]
    for name in ("login", "password"):
        give.get("wan", {}).pop(name, None)
    if give["onu_services"]:
        give["onu_services"][0]["name"] = "${plan}"
    return give

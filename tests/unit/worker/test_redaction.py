"""What earlier releases quoted of people is masked where it is read again; what is published now stays as it is."""

from __future__ import annotations

import json

import pytest

from events.reasons import reason
from vendors.errors import OrderRejected
from vendors.registry import vendor
from worker import results
from worker.outcome import detail
from worker.redaction import impersonal, record

COMMANDS = (
    "wan-ip 1 mode pppoe username {} password ******** vlan-profile FIBRA-500 host 1",
    'ont ipconfig 0 4 ip-index 1 pppoe vlan 203 user-account username "{}" password "********"',
    "ssid ctrl wifi_0/1 name {}",
    "description {}",
    'ont add 0 1 sn-auth "48575443A1B2C3D4" omci desc "{}"',
)


def failed(quote: str, code: str = "olt_refused", **more: str) -> dict[str, object]:
    """The data of a result, as the release that wrote it said it."""
    params = {"olt": "olt-1", "serial": "HWTC1A2B3C4D", "detail": quote, **more}
    texts = reason(code).say(params)
    return {
        "service_order_id": "OS-1", "serial": "HWTC1A2B3C4D", "code": code, "params": params, "text_pt": texts.text_pt,
        "text_en": texts.text_en, "action_pt": texts.action_pt, "action_en": texts.action_en, "left": [],
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refused_line_is_read_without_what_names_the_customer(command: str) -> None:
    data = failed(f"Failure: The profile FIBRA-500 does not exist [{command.replace('{}', 'zeca77')}]")
    kept = impersonal(data)
    assert "zeca77" not in json.dumps(kept)
    assert "does not exist" in str(kept["text_pt"])
    assert (kept["serial"], kept["action_pt"]) == (data["serial"], data["action_pt"])


def test_an_unknown_display_is_read_without_anybody_in_it() -> None:
    data = failed("0/1/0 12 JOAO DA SILVA, RUA DAS FLORES 123 online [display ont info 0 1 0 all]")
    kept = json.dumps(impersonal(data))
    assert not any(word in kept for word in ("JOAO", "SILVA", "RUA", "FLORES"))
    assert "display ont info 0 1 0 all" in kept


def test_the_last_of_many_tries_and_what_stays_are_read_so_too() -> None:
    quote = "Failure: x [description zeca77]"
    last = reason("olt_refused").say({"olt": "olt-1", "detail": quote}).text_pt
    for said in (last, last[:-9] + "…"):
        data = failed(quote, "attempts_exhausted", attempts="8", last=said)
        data["left"] = [{"code": "left_refused", "text_pt": f"A OLT não removeu: {quote}.", "serial": "S"}]
        assert "zeca77" not in json.dumps(impersonal(data))


def test_what_is_known_of_the_customer_goes_from_the_texts_and_no_key_of_the_erp() -> None:
    data = {**failed("x"), "customer_id": "zeca77", "warnings": [{"text_pt": "a rede zeca77"}]}
    kept = impersonal(data, ["zeca77"])
    assert (kept["customer_id"], kept["warnings"]) == ("zeca77", [{"text_pt": "a rede ********"}])


@pytest.mark.parametrize("platform", ["huawei_smartax", "zte_zxan"])
def test_what_is_published_now_is_read_as_it_was_published(platform: str) -> None:
    error = OrderRejected(
        "x",
        command="tcont 1 profile FIBRA-500",
        reply="Failure: The profile FIBRA-500 does not exist, JOAO SILVA",
    )
    data = failed(detail(error, vendor(platform).adapter.PLATFORM))
    assert "FIBRA-500 does not exist" in str(data["text_pt"])
    assert impersonal(data) == data


def test_a_record_that_says_nothing_of_a_person_stays_byte_for_byte() -> None:
    assert record(b"no json") is None
    assert record(b'{"data": 1}') is None
    assert (
        record(json.dumps({"data": {"code": "no_light", "params": {"serial": "S"}}}).encode(), ["ana"])
        is None
    )


def test_a_rebuild_reads_results_of_earlier_releases_without_anybody_in_them() -> None:
    data = {**failed("Failure: x [description zeca77]"), "revision": 1, "sequence": 3}
    event = {"id": "a", "type": "acende.provisioning.failed.v1", "time": "2026-03-02T12:00:00Z", "data": data}
    result = results.read(json.dumps(event).encode())
    assert result
    assert "zeca77" not in json.dumps(result.data)
    assert (result.order, result.data["code"]) == ("OS-1", "olt_refused")


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"detail": "description zeca77"}, {"detail": "description ********"}),
        ({"detail": "x [description zeca77 1"}, {"detail": "x [description ******** 1"}),
        ({"detail": ""}, {"detail": ""}),
        ({"last": "A OLT recusou: zeca77"}, {"last": "A OLT recusou: ********"}),
        ({"last": "A OLT recusou"}, {"last": "A OLT recusou"}),
        ({"last": "A OLT recusou: "}, {"last": "A OLT recusou: "}),
        (
            {"detail": "x [description zeca77", "last": "Recusou: x [description zeca77."},
            {"detail": "x [description ********", "last": "Recusou: x [description ********."},
        ),
        (
            {"detail": "x [description zeca77", "last": "Recusou: x [descr: zec…"},
            {"detail": "x [description ********", "last": "Recusou: ********"},
        ),
        ("detail", "detail"),
    ],
)
def test_what_a_device_is_quoted_with(params: object, kept: object) -> None:
    assert impersonal({"params": params})["params"] == kept


def test_only_texts_that_quote_are_said_again_and_only_those_there_were() -> None:
    quoting = {"code": "olt_refused", "params": {"olt": "olt-1", "detail": "x"}}
    said = reason("olt_refused").say({"olt": "olt-1", "detail": "x"})
    assert impersonal({**quoting, "text_pt": "t"}) == {**quoting, "text_pt": said.text_pt}
    other = {"code": "olt_refused", "params": {"olt": "olt-1"}, "text_pt": "t"}
    assert impersonal(other) == other
    unheard = {"code": "never_heard", "params": {"detail": "x"}}
    assert impersonal({**unheard, "text_en": "t"}) == {**unheard, "text_en": "********"}


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        ({"code": "left_refused", "text_pt": "a: description zeca77"}, "a: description ********"),
        ({"code": "left_refused", "text_pt": "description zeca77"}, "description zeca77"),
        ({"code": "left_refused", "text_pt": ""}, ""),
        ({"code": "no_light", "text_pt": "a: description zeca77"}, "a: description zeca77"),
    ],
)
def test_of_what_stays_only_what_quotes_is_said_again(left: dict[str, str], kept: str) -> None:
    assert impersonal({"left": [left, "a: description zeca77"]}) == {
        "left": [{**left, "text_pt": kept}, "a: description zeca77"]
    }
    assert impersonal({"left": 1}) == {"left": 1}


def test_a_changed_record_is_written_as_compactly_as_any() -> None:
    value = {"id": "a", "data": {"text_pt": "não é zeca77", "revision": 1}}
    assert record(json.dumps(value).encode(), ["zeca77"]) == (
        '{"id":"a","data":{"text_pt":"não é ********","revision":1}}'.encode()
    )
    assert record(b"[]") is None

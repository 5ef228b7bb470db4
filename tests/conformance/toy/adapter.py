"""The toy's adapter: GEM ports are of the line profile, service-ports of the ONU, PPPoE goes over OMCI."""

from typing import Any

from schemas.onu import DesiredOnu, ServicePort, Wan
from schemas.place import PonPort
from schemas.serial import canonical_serial
from tests.conformance.toy.parse import COLUMNS, FLOW, ID, ONU, PPP, SEEN, rows
from tests.conformance.toy.platform import PLATFORM
from vendors.contract import (
    Command,
    Dialogue,
    Flow,
    Health,
    NotApplied,
    Observation,
    Optics,
    Registration,
    Serving,
    Sighting,
    read,
    write,
)
from vendors.errors import OltBusy, OrderRejected, UnknownReply

__all__ = [
    "PLATFORM",
    "check",
    "discover",
    "health",
    "limits",
    "observe",
    "parse",
    "plan",
    "save",
    "serving",
]

ONU_IDS = range(1, 65)
_REFUSALS = {
    "E01": "serial_already_registered",
    "E02": "olt_refused",
    "E03": "port_full",
    "E04": "profile_missing",
    "E05": "olt_syntax",
}


def _sightings(command: Command, reply: str) -> tuple[Sighting, ...]:
    return tuple(
        Sighting(
            port=PonPort.model_validate(row["port"]),
            serial=canonical_serial(row["serial"]),
            raw_serial=row["serial"],
            model=row.get("model"),
        )
        for row in rows(command.text, reply, *SEEN)
    )


def discover() -> Dialogue[tuple[Sighting, ...]]:
    """Every ONU that is lit and not registered."""
    command = read("show seen")
    [reply] = yield (command,)
    return _sightings(command, reply)


def observe(serial: str, port: PonPort | None) -> Dialogue[Observation]:
    """What the OLT has for a serial."""
    commands = [read(f"show onu {serial}"), read("show seen")]
    commands += [read(f"show ids {port}")] if port else []
    replies = yield tuple(commands)
    places = rows(commands[0].text, replies[0], *ONU)
    seen = [found for found in _sightings(commands[1], replies[1]) if found.serial == serial]
    used = [int(row["id"]) for row in rows(commands[2].text, replies[2], *ID)] if port else []
    found: list[Registration] = []
    for row in places:
        found.append((yield from _registration(row)))  # noqa: PERF401 (a comprehension cannot yield)
    return Observation(
        serial=serial,
        port=port,
        registrations=tuple(found),
        sighting=seen[0] if seen else None,
        used_onu_ids=frozenset(used),
        onus_free=len(set(ONU_IDS) - set(used)) if port else None,
    )


def _registration(row: dict[str, str]) -> Dialogue[Registration]:
    mode = ("configure", f"pon {row['port']}")
    flows, ppp = read(f"show flows {row['id']}", *mode), read(f"show ppp {row['id']}", *mode)
    flows_reply, ppp_reply = yield (flows, ppp)
    wans = rows(ppp.text, ppp_reply, *PPP)
    return Registration(
        port=PonPort.model_validate(row["port"]),
        onu_id=int(row["id"]),
        raw_serial=row["serial"],
        online=row["state"] == "online",
        states={"state": row["state"]},
        description=row.get("description"),
        line_profile=row["profile"],
        flows=tuple(_flow(found) for found in rows(flows.text, flows_reply, *FLOW)),
        wan=Wan(mode="pppoe", vlan=int(wans[0]["vlan"]), login=wans[0]["login"]) if wans else None,
        optics=_optics(row),
    )


def _flow(row: dict[str, str]) -> Flow:
    service = ServicePort(
        gem_port=int(row["gem"]),
        vlan=int(row["vlan"]),
        user_vlan=int(row["user"]) if "user" in row else None,
    )
    return Flow(index=int(row["number"]), service=service)


def _optics(row: dict[str, str]) -> Optics | None:
    if "onu_rx" not in row:
        return None
    return Optics(
        onu_rx_dbm=float(row["onu_rx"]),
        onu_tx_dbm=float(row["onu_tx"]),
        olt_rx_dbm=float(row["olt_rx"]),
        distance_m=int(row["distance"]),
    )


def plan(desired: DesiredOnu | None, observed: Observation) -> tuple[Command, ...]:
    """Commands that turn `observed` into `desired`."""
    keep = desired.port if desired else None
    gone = [found for found in observed.registrations if found.port != keep]
    commands = [_removal(found) for found in gone]
    if desired is None:
        return tuple(commands)
    here = observed.at(desired.port)
    return (*commands, *_configuration(desired, observed, here))


def _removal(found: Registration) -> Command:
    path = ("configure", f"pon {found.port}")
    return write(f"no onu {found.onu_id}", path=path, answers=((r"sure\? \[y/n\] $", "y"),))


def _configuration(desired: DesiredOnu, observed: Observation, here: Registration | None) -> list[Command]:
    path = ("configure", f"pon {desired.port}")
    onu_id = here.onu_id if here else _free(observed)
    flows = {flow.service: flow.index for flow in (here.flows or ())} if here else {}
    wanted = [_plain(service) for service in desired.service_ports]
    gone = [number for service, number in flows.items() if service not in wanted]
    free = (number for number in range(1, 100) if number not in flows.values())
    new = [_flow_line(onu_id, next(free), service) for service in wanted if service not in flows]
    commands = [write(f"no flow {onu_id} {number}", path=path) for number in gone]
    commands += _registered(desired, here, onu_id, path)
    commands += [write(text, path=path) for text in new]
    return commands + _ppp(desired, observed, here, onu_id, path)


def _registered(
    desired: DesiredOnu, here: Registration | None, onu_id: int, path: tuple[str, ...]
) -> list[Command]:
    if here is None:
        text = f"onu {onu_id} serial {desired.serial} profile {desired.line_profile}"
        text += f" description {desired.description}" if desired.description else ""
        return [write(text, path=path)]
    if here.line_profile != desired.line_profile:
        return [write(f"onu {onu_id} profile {desired.line_profile}", path=path)]
    return []


def _plain(service: ServicePort) -> ServicePort:
    return ServicePort(gem_port=service.gem_port, vlan=service.vlan, user_vlan=service.user_vlan)


def _flow_line(onu_id: int, number: int, service: ServicePort) -> str:
    return (
        f"flow {onu_id} {number} gem {service.gem_port} vlan {service.vlan} user {service.user_vlan or '-'}"
    )


def _ppp(
    desired: DesiredOnu,
    observed: Observation,
    here: Registration | None,
    onu_id: int,
    path: tuple[str, ...],
) -> list[Command]:
    wan = desired.wan
    if wan is None or wan.password is None:
        return [write(f"no ppp {onu_id}", path=path)] if here and here.wan else []
    shown = (here.wan.login, here.wan.vlan) if here and here.wan else None
    if shown == (wan.login, wan.vlan) and "wan.password" in observed.secrets_current:
        return []
    return [write(f"ppp {onu_id} {wan.vlan} {wan.login} ", wan.password, path=path, secret="wan.password")]


def _free(observed: Observation) -> int:
    free = next((number for number in ONU_IDS if number not in observed.used_onu_ids), None)
    if free is None:
        raise OrderRejected("no ONU id is free", code="port_full")
    return free


def limits(desired: DesiredOnu, firmware: str | None = None) -> tuple[NotApplied, ...]:
    """What the toy cannot do: all but flows that translate, and PPPoE."""
    del firmware
    wan = desired.wan
    known = {"description", "line_profile", "service_ports"}
    known |= {"wan"} if wan and wan.mode == "pppoe" and wan.password else set()
    lost = dict.fromkeys(part for field in desired.fields() if (part := field.split(".")[0]) not in known)
    lost |= dict.fromkeys(field for field in desired.fields() if _beyond(field, known))
    return tuple(NotApplied(field=field, reason="platform_cannot") for field in lost)


def _beyond(field: str, known: set[str]) -> bool:
    part, _, name = field.partition(".")
    does = {
        "service_ports": {"gem_port", "vlan", "user_vlan"},
        "wan": {"mode", "vlan", "login", "password"},
    }
    return part in known and part in does and name.split(".")[-1] not in does[part]


def serving(found: Registration) -> Serving:
    """Online, or dark."""
    return "online" if found.online else "dark"


def check(command: Command, reply: str) -> None:
    """Raise the error that a refusal means."""
    text = reply.strip()
    if text.endswith("done") or command.effect == "read":
        return
    code = text.split(" ", 1)[0]
    if code == "E06":
        raise OltBusy("the OLT is busy", command=command.text, reply=reply)
    if code in _REFUSALS:
        raise OrderRejected(text, command=command.text, reply=reply, code=_REFUSALS[code])
    raise UnknownReply("no rule explains this reply", command=command.text, reply=reply)


def save() -> tuple[Command, ...]:
    """One command."""
    return (Command(parts=("save",), effect="save", timeout_s=150.0),)


def health() -> Dialogue[Health]:
    """Nothing is told."""
    [reply] = yield (read("show version"),)
    return Health(version=reply.strip())


def parse(command: str, reply: str) -> dict[str, Any]:
    """The rows of a table."""
    for word, columns in COLUMNS:
        if command.startswith(f"show {word}"):
            return {"rows": rows(command, reply, *columns)}
    raise UnknownReply("no such command", command=command, reply=reply)

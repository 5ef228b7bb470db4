"""Configurations as the device prints them."""

from collections.abc import Iterator

from vendors.simulator.model import Olt
from vendors.simulator.rows import Flow, Gem, Host, Lan, OnuServiceRow, Registered, Wan
from vendors.zte_common.simulator.dialect import Dialect


def interface_lines(dialect: Dialect, olt: Olt, found: Registered) -> Iterator[str]:
    """What stands below the interface of an ONU."""
    if found.name:
        yield f"name {_mask(dialect, found.name)}"
    if found.description:
        yield f"description {_mask(dialect, found.description)}"
    for tcont in sorted(found.tconts.values(), key=lambda row: row.index):
        yield f"tcont {tcont.index}{_named(tcont.name)} profile {tcont.profile}"
    for gem in sorted(found.gems.values(), key=lambda row: row.index):
        yield from _gem(dialect, olt, gem)
    if dialect.titan:
        return
    for vport in sorted(found.more.get("switchport", ())):
        yield f"switchport mode hybrid vport {vport}"
    for flow in olt.flows_of(*found.key):
        yield _flow(flow, f"vport {flow.gem_port} ")


def _mask(dialect: Dialect, text: str) -> str:
    """TITAN does not show names."""
    return "********" if dialect.titan else text


def _named(name: str | None) -> str:
    return f" name {name}" if name else ""


def _gem(dialect: Dialect, olt: Olt, gem: Gem) -> Iterator[str]:
    long = dialect.old(olt) and not dialect.titan
    yield (
        f"gemport {gem.index}{_named(gem.name)} unicast tcont {gem.tcont} dir both"
        if long
        else f"gemport {gem.index}{_named(gem.name)} tcont {gem.tcont}"
    )
    if dialect.titan:
        return
    up = f" upstream {gem.upstream_profile}" if gem.upstream_profile else ""
    down = f" downstream {gem.downstream_profile}" if gem.downstream_profile else ""
    if up or down:
        yield f"gemport {gem.index} traffic-limit{up}{down}"


def _flow(flow: Flow, vport: str = "") -> str:
    tags = f"vlan {flow.vlan}" if flow.inner_vlan is None else f"vlan {flow.inner_vlan} svlan {flow.vlan}"
    rates = "".join(
        f" {word} {profile}"
        for word, profile in (("ingress", flow.upstream_profile), ("egress", flow.downstream_profile))
        if profile
    )
    return f"service-port {flow.index} {vport}user-vlan {flow.user_vlan or 'untagged'} {tags}{rates}"


def vport_lines(olt: Olt, found: Registered, vport: int) -> Iterator[str]:
    """What stands below a virtual port of TITAN."""
    for flow in olt.flows_of(*found.key):
        if flow.gem_port == vport:
            yield _flow(flow)
    gem = found.gems.get(vport)
    if gem and gem.downstream_profile:
        yield f"qos traffic-policy {gem.downstream_profile} direction egress"


def management_lines(dialect: Dialect, found: Registered) -> Iterator[str]:
    """What stands below `pon-onu-mng`."""
    for service in found.services.values():
        yield _service(service)
    for wan in sorted(found.wans.values(), key=lambda row: row.index):
        yield from _wan(dialect, wan)
    slot = 1 if found.onu_type == "ALL" else 0
    for lan in sorted(found.lans.values(), key=lambda row: row.port):
        yield _lan(lan, slot)
    for ssid in sorted(found.ssids.values(), key=lambda row: row.index):
        if ssid.name:
            yield f"ssid ctrl wifi_{slot}/{ssid.index} name {ssid.name}"
        if ssid.key:
            yield f"ssid auth wpa wifi_{slot}/{ssid.index} key {ssid.key}"
    yield from _tr069(found.more.get("tr069", {}), found.hosts.get(0))
    yield from found.more.get("lines", ())


def _service(service: OnuServiceRow) -> str:
    kind = f" type {service.type}" if service.type else ""
    cos = f" cos {service.priority}" if service.priority is not None else ""
    vlan = f" vlan {service.vlan}" if service.vlan else ""
    return f"service {service.name}{kind} gemport {service.gem_port}{cos}{vlan}"


def _wan(dialect: Dialect, wan: Wan) -> Iterator[str]:
    login = f" username {wan.login}" if wan.login else ""
    password = f" password {wan.password}" if wan.password else ""
    ip = dialect.grammar.ip
    profile = f" vlan-profile {wan.vlan_profile} host {wan.index}"
    yield f"wan-ip {wan.index}{ip} mode {wan.mode}{login}{password}{profile}"
    if wan.internet:
        ports = f" ethuni {','.join(map(str, wan.lan_ports))}" if wan.lan_ports else ""
        ssids = f" ssid {','.join(map(str, wan.wifi))}" if wan.wifi else ""
        yield f"wan {wan.index}{ports}{ssids} service internet host {wan.index}"


def _lan(lan: Lan, slot: int) -> str:
    vlan = {"tag": f" vlan {lan.vlan}", "hybrid": f" def-vlan {lan.vlan}"}.get(lan.mode, "")
    return f"vlan port eth_{slot}/{lan.port} mode {lan.mode}{vlan}"


def _tr069(shown: dict[str, str], host: Host | None) -> Iterator[str]:
    if shown.get("state"):
        yield f"tr069-mgmt 1 state {shown['state']}"
    if shown.get("acs"):
        yield f"tr069-mgmt 1 acs {shown['acs']}"
    if host:
        yield f"tr069-mgmt 1 tag pri {host.priority} vlan {host.vlan}"


def block(head: str, lines: Iterator[str], close: str) -> str:
    """A section with its lines below it."""
    return f"{head}\n" + "".join(f"  {line}\n" for line in lines) + f"{close}\n"


def olt_lines(olt: Olt, found: list[Registered]) -> Iterator[str]:
    """What stands below the interface of a PON port."""
    del olt
    yield "no shutdown"
    for onu in found:
        yield f"onu {onu.onu_id} type {onu.onu_type} sn {onu.serial}"

"""The words of C600, C620 and C650: service-ports and rates are set in the interface of the virtual port."""

from collections.abc import Iterator

from schemas.onu import DesiredOnu, GemPort
from schemas.place import PonPort
from vendors.contract import Command, NotApplied, write
from vendors.zte_common.grammar import CONFIG, Grammar, Path, without


class Titan(Grammar):
    """C6xx."""

    def flow_path(self, port: PonPort, onu_id: int, vport: int) -> Path:
        """`vport-1/1/1.4:1` is virtual port 1 of ONU 4; it exists once its GEM port does."""
        return CONFIG, f"interface vport-{port}.{onu_id}:{vport}"

    def rates(self, port: PonPort, onu_id: int, gem: GemPort) -> Iterator[Command]:
        """A policy on the virtual port limits downstream; upstream is the T-CONT's."""
        if gem.downstream_profile:
            line = f"qos traffic-policy {gem.downstream_profile} direction egress"
            yield write(line, path=self.flow_path(port, onu_id, gem.index))

    def _vport(self, gem_port: int) -> str:
        del gem_port
        return ""

    def doable(self, desired: DesiredOnu) -> tuple[DesiredOnu, tuple[NotApplied, ...]]:
        """GEM ports have no rate upstream, services inside the ONU neither kind nor priority."""
        desired, left = super().doable(desired)
        gems, no_gems = without(desired.gem_ports, "gem_ports", "index", "upstream_profile")
        services, no_services = without(desired.onu_services, "onu_services", "name", "type", "priority")
        kept = desired.model_copy(update={"gem_ports": gems, "onu_services": services})
        return kept, (*left, *no_gems, *no_services)


GRAMMAR = Titan(name="zte_titan", olt_prefix="gpon_olt-", onu_prefix="gpon_onu-", ip=" ipv4")

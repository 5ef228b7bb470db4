"""The words of C300 and C320: service-ports are set in the ONU's interface, and name their virtual port."""

from collections.abc import Iterator

from schemas.onu import DesiredOnu, GemPort
from schemas.place import PonPort
from vendors.contract import Command, NotApplied, write
from vendors.zte_common.grammar import NO_COMMAND, Grammar, Path, without


class Zxan(Grammar):
    """C3xx."""

    def flow_path(self, port: PonPort, onu_id: int, vport: int) -> Path:
        """The ONU's own interface."""
        del vport
        return self.onu_path(port, onu_id)

    def gem(self, gem: GemPort, firmware: str | None) -> str:
        """Software V1 shows and takes the long form; V2 the short one."""
        if firmware != "V1":
            return super().gem(gem, firmware)
        name = f" name {gem.name}" if gem.name else ""
        return f"gemport {gem.index}{name} unicast tcont {gem.tcont} dir both"

    def rates(self, port: PonPort, onu_id: int, gem: GemPort) -> Iterator[Command]:
        """`gemport 1 traffic-limit upstream U downstream D`, either of them."""
        up = f" upstream {gem.upstream_profile}" if gem.upstream_profile else ""
        down = f" downstream {gem.downstream_profile}" if gem.downstream_profile else ""
        if up or down:
            yield write(f"gemport {gem.index} traffic-limit{up}{down}", path=self.onu_path(port, onu_id))

    def _vport(self, gem_port: int) -> str:
        return f"vport {gem_port} "

    def doable(self, desired: DesiredOnu) -> tuple[DesiredOnu, tuple[NotApplied, ...]]:
        """Rates belong to GEM ports here; profiles of the ONU are named by its type."""
        desired, left = super().doable(desired)
        rates = ("upstream_profile", "downstream_profile")
        flows, no_flows = without(desired.service_ports, "service_ports", "gem_port", *rates)
        profiles = ("line_profile", "service_profile")
        no_profiles = [
            NotApplied(field=name, reason=NO_COMMAND) for name in profiles if getattr(desired, name)
        ]
        kept = {"service_ports": flows, "line_profile": None, "service_profile": None}
        return desired.model_copy(update=kept), (*left, *no_flows, *no_profiles)


GRAMMAR = Zxan(name="zte_zxan", olt_prefix="gpon-olt_", onu_prefix="gpon-onu_")

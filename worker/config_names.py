"""Names in `services.yaml` that mean nothing: OLTs, sites, platforms and models that are not there, numbers without a
part of that number. Pure.
"""

import difflib
from collections.abc import Collection, Iterator

from schemas.configuration import Configuration
from schemas.patterns import is_pattern, matches, matches_model
from schemas.services import When, contradictions
from schemas.templates import references
from schemas.yaml import Where
from worker.rules import PLACE_VARIABLES


def names_without_match(config: Configuration) -> Iterator[tuple[Where, str]]:
    """Conditions that nothing in the inventory or the catalogue fits; variables that nothing uses."""
    for where, when in _whens(config):
        yield from _conditions((*where, "when"), when, config)
    used = references([rule.give.model_dump() for rule in config.services.models])
    for number, entry in enumerate(config.services.variables):
        for name in entry.set.keys() & PLACE_VARIABLES:
            yield (
                ("variables", number, "set", name),
                f"{name} is what the place itself is called: this value is not used",
            )
        for name in sorted(entry.set.keys() - used - PLACE_VARIABLES):
            yield ("variables", number, "set", name), f"nothing refers to {name}"


def _whens(config: Configuration) -> Iterator[tuple[Where, When]]:
    for number, rule in enumerate(config.services.models):
        yield ("models", number), rule.when
    for number, entry in enumerate(config.services.variables):
        yield ("variables", number), entry.when


def _conditions(where: Where, when: When, config: Configuration) -> Iterator[tuple[Where, str]]:
    olts = config.inventory.olts
    there = {
        "olt": ("OLT", {olt.id for olt in olts}),
        "site": ("site", {olt.site for olt in olts}),
        "platform": ("platform", {olt.platform for olt in olts}),
    }
    for member, (kind, names) in there.items():
        for glob in getattr(when, member) or ():
            if not any(matches(name, (glob,)) for name in names):
                yield (*where, member), f"no {kind} of the inventory is called {glob}{_nearest(glob, names)}"
    for glob in when.onu or ():
        if not _known_model(glob, config):
            close = config.catalogue.nearest(glob)
            hint = f"; nearest: {', '.join(close)}" if close else ""
            yield (*where, "onu"), f"the catalogue has no model {glob}{hint}"


def _known_model(glob: str, config: Configuration) -> bool:
    if not is_pattern(glob) and config.is_onu(glob):
        return True
    names = [name for model in config.catalogue.models for name in (model.name, *model.aliases)]
    names += [kind.name for kind in config.services.onus]
    return any(matches_model(name, (glob,)) for name in names)


def _nearest(glob: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(glob, sorted(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def references_inside(config: Configuration) -> Iterator[tuple[Where, str]]:
    """Parts of a model that refer to what there is not: GEM ports, T-CONTs, numbers given twice, variables."""
    yield from contradictions(config.services)
    defined = PLACE_VARIABLES.union(*(entry.set.keys() for entry in config.services.variables))
    for number, rule in enumerate(config.services.models):
        for name in sorted(references(rule.give.model_dump()) - defined):
            yield ("models", number, "give"), f"no variable is called {name}"

"""docs/suporte/motivos.md: the reason codes, for technicians and support."""

import re
from collections.abc import Iterable

from events.reason_tables.row import Kind
from events.reasons import REASONS, Reason

_SECTIONS: dict[Kind, tuple[str, str]] = {
    "failed": (
        "A ordem falhou",
        "O Acende desistiu desta ordem. *De novo: sim* quer dizer que ela pode ser tentada outra vez, resolvida a causa.",
    ),
    "progress": ("A ordem está em andamento", "Por que a ordem espera, ou o que acabou de acontecer."),
    "cancelled": ("A ordem foi cancelada", "Quem cancelou."),
    "left": (
        "Ficou registrado na OLT",
        "Registros que o Acende não removeu, e por quê. Aparecem em `left` no resultado e em “ficou na OLT”.",
    ),
    "warning": (
        "Atenção antes de sair do cliente",
        "A instalação foi concluída e o cliente tem serviço, mas há algo a conferir enquanto o técnico está no local.",
    ),
    "not_applied": ("Não foi aplicado", "O que o plano pede e esta OLT ou esta ONU não faz."),
    "dead_letter": (
        "O evento do ERP foi recusado",
        "O registro não pôde ser lido. Quem corrige é o ERP ou o NOC: `acende dead-letters list` mostra os registros.",
    ),
}


def catalogue() -> str:
    """The whole document."""
    head = (
        "# Motivos\n\n"
        "Gerado por `make docs` a partir de `events/reasons.py`; não edite aqui.\n\n"
        "Cada situação tem um código fixo, que aparece em `acende status`, nos eventos para o ERP e nas métricas. Entre"
        " chaves, como `{olt}`, está o que o Acende completa em cada caso.\n"
    )
    return head + "".join(_section(kind) for kind in _SECTIONS)


def _section(kind: Kind) -> str:
    title, what = _SECTIONS[kind]
    again = kind == "failed"
    columns = ["código", *(["de novo?"] if again else []), "o que aconteceu", "o que fazer"]
    rows = "".join(_row(found, again=again) for found in _of(kind))
    return f"\n## {title}\n\n{what}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n{rows}"


def _of(kind: Kind) -> Iterable[Reason]:
    return sorted((one for one in REASONS.values() if one.kind == kind), key=lambda one: one.code)


def _row(one: Reason, *, again: bool) -> str:
    cells = [f"`{one.code}`", *([("sim" if one.retryable else "não")] if again else [])]
    cells += [_shown(one.texts.text_pt), _shown(one.texts.action_pt)]
    return f"| {' | '.join(cells)} |\n"


def _shown(text: str) -> str:
    return re.sub(r"\{[a-z_]+\}", lambda match: f"`{match[0]}`", text).replace("|", "\\|")

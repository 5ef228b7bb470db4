"""What a result of ours says of a device, made fit to be kept when it was written by an earlier release. Pure.

What is published now passes `vendors.quoting` beforehand: this reads what was written before it did.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from events.reasons import clean, reason
from schemas.text import MASK
from vendors.contract import Platform
from vendors.quoting import line, told

_ANY = Platform(
    name="any",
    prompt="",
    redactions=(r"\b(?:password|cipher|key|community|secret)[ \t]+(\S+)",),
    personal=(
        r"\b(?:username|user-name|user|login|desc|description|loid)[ \t]+(\"[^\"]*\"|\S+)",
        r"\bssid [\w /-]{1,30}? name[ \t]+(\S+)",
    ),
)
"""Which platform it was is not told: the words of all of them."""
_TEXTS = ("text_pt", "text_en", "action_pt", "action_en")
_QUOTES = ("detail", "last")
_TELLING = (*_TEXTS, "params", "left", "warnings", "not_applied", "document", "where")
"""Members of a result or dead letter that are no key of the ERP, no place and no number."""
_NONE = Platform(name="none", prompt="")


def impersonal(data: Mapping[str, Any], people: Iterable[str] = ()) -> dict[str, Any]:
    """The data of a result without what it quotes of people: of a device's words those that command lines use."""
    known = tuple(people)
    kept = dict(data)
    params = kept.get("params")
    if isinstance(params, Mapping) and any(name in params for name in _QUOTES):
        kept["params"] = _params(params, known)
        kept |= _said(kept, kept["params"])
    if isinstance(kept.get("left"), list):
        kept["left"] = [_left(one, known) if isinstance(one, Mapping) else one for one in kept["left"]]
    return kept | {name: _without(kept[name], known) for name in _TELLING if name in kept}


def _without(value: Any, people: tuple[str, ...]) -> Any:
    """A value as JSON has it, without these names wherever they stand in it."""
    if isinstance(value, Mapping):
        return {name: _without(member, people) for name, member in value.items()}
    if isinstance(value, list):
        return [_without(member, people) for member in value]
    return line(_NONE, value, people) if isinstance(value, str) else value


def _params(params: Mapping[str, Any], people: Iterable[str]) -> dict[str, Any]:
    was = str(params.get("detail") or "")
    detail = clean(_detail(was, people))
    kept = dict(params)
    if was:
        kept["detail"] = detail
    if "last" in kept:
        kept["last"] = _last(str(kept["last"]), was, detail)
    return kept


def _detail(text: str, people: Iterable[str]) -> str:
    """What an OLT said, and in brackets the line that it said it to, whose end may be cut."""
    said, bracket, command = text.rpartition(" [")
    if not bracket:
        return told(_ANY, text, people=people)
    ours = line(_ANY, command, people)
    return f"{told(_ANY, said, ours.rstrip(']…'), people)} [{ours}"


def _last(text: str, was: str, detail: str) -> str:
    """What was said of the last try, with the detail that it quotes; where that is cut, without its end."""
    if was and was in text:
        return clean(text.replace(was, detail))
    begin, colon, quote = text.partition(": ")
    return f"{begin}{colon}{MASK}" if quote else text


def _said(data: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The texts once more, of those members that are there."""
    why = reason(str(data.get("code")))
    texts = why.say(params)
    if why.code != data.get("code"):
        return {name: MASK for name in _TEXTS if name in data}
    return {name: getattr(texts, name) for name in _TEXTS if name in data}


def _left(left: Mapping[str, Any], people: Iterable[str]) -> dict[str, Any]:
    """A registration that stays; of its texts, those that quote a device are told from after their colon on anew."""
    if "detail" not in reason(str(left.get("code"))).placeholders:
        return dict(left)
    return {**left, **{name: _anew(str(left[name]), people) for name in _TEXTS if left.get(name)}}


def _anew(text: str, people: Iterable[str]) -> str:
    begin, colon, quote = text.partition(": ")
    return f"{begin}{colon}{_detail(quote, people)}" if colon else text


def record(value: bytes, people: Iterable[str] = ()) -> bytes | None:
    """A record of ours that waits to be published, made impersonal; None where nothing of it changes."""
    try:
        event = json.loads(value)
    except ValueError:
        return None
    data = event.get("data") if isinstance(event, dict) else None
    if not isinstance(data, dict) or (kept := impersonal(data, people)) == data:
        return None
    return json.dumps({**event, "data": kept}, ensure_ascii=False, separators=(",", ":")).encode()

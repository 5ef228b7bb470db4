"""Reasons for which a record of an input topic is set aside, and what is said of the order that it asked for."""

from events.reason_tables.row import Row

_FIX_PT = "Corrija o envio no ERP e envie o evento de novo."
_FIX_EN = "Correct the sender and send the event again."


def _row(code: str, pt: str, en: str, do_pt: str = _FIX_PT, do_en: str = _FIX_EN) -> Row:
    return Row(code, "dead_letter", False, pt, en, do_pt, do_en)


ROWS = (
    _row("empty_value", "O registro não tem conteúdo.", "The record has no value."),
    _row(
        "too_large",
        "O registro é grande demais ({size} bytes).",
        "The record is too large ({size} bytes).",
    ),
    _row("not_utf8", "O registro não é texto UTF-8.", "The record is no UTF-8 text."),
    _row("not_json", "O registro não é JSON.", "The record is no JSON."),
    _row(
        "unsupported_content_type",
        "O tipo de conteúdo do registro não é JSON.",
        "The record's content type is not JSON.",
    ),
    _row(
        "bad_envelope",
        "O envelope do evento (CloudEvents 1.0) está incorreto: {where}.",
        "The event's envelope (CloudEvents 1.0) is wrong: {where}.",
    ),
    _row(
        "unknown_type",
        "O tipo do evento não é conhecido pelo Acende.",
        "The type of the event is not known here.",
    ),
    _row(
        "unsupported_version",
        "O tipo do evento é conhecido, mas não nesta versão.",
        "The type of the event is known, but not in this version.",
        "Atualize o Acende ou envie uma versão que ele conheça.",
        "Upgrade Acende, or send a version it knows.",
    ),
    Row(
        "invalid_data",
        "failed",
        True,
        "Os dados do evento estão incorretos: {where}.",
        "The data of the event are wrong: {where}.",
        _FIX_PT,
        _FIX_EN,
        fault="erp",
    ),
    Row(
        "request_rejected",
        "progress",
        False,
        "Um pedido para esta ordem não pôde ser lido: {where}. A ordem continua como estava.",
        "A request for this order could not be read: {where}. The order stays as it was.",
        _FIX_PT,
        _FIX_EN,
    ),
    _row(
        "naive_time",
        "Um horário veio sem fuso, e ACENDE_SOURCE_TIMEZONE não está definido: {where}.",
        "A time has no zone, and ACENDE_SOURCE_TIMEZONE is not set: {where}.",
        "Envie horários com fuso, ou defina ACENDE_SOURCE_TIMEZONE; depois reprocesse o registro.",
        "Send times with a zone, or set ACENDE_SOURCE_TIMEZONE; then replay the record.",
    ),
    _row(
        "not_storable",
        "O banco de dados recusou os dados do evento.",
        "The database refused the data of the event.",
    ),
)

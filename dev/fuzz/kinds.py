"""Every kind: to add one, write a module with a `trial` and name it here."""

from dev.fuzz import captures, documents, streams
from dev.fuzz.runner import Kind

KINDS = {
    "captures": Kind(captures.trial, 100_000),
    "documents": Kind(documents.trial, 1_000_000),
    "streams": Kind(streams.trial, 1_000_000),
}

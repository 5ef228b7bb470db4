"""Replies of SmartAX OLTs as values. `parse` reads a raw capture; it answers or raises UnknownReply, nothing else."""

from vendors.huawei_smartax.parse.odd import listed
from vendors.huawei_smartax.parse.refusal import SYNTAX_KINDS
from vendors.huawei_smartax.parse.registry import parse, read, refusal_in

__all__ = ["SYNTAX_KINDS", "listed", "parse", "read", "refusal_in"]

"""What the conformance suite needs to know of C300 and C320."""

from tests.conformance.zte import zte
from vendors.zte_zxan import adapter

CASE = zte(adapter, versions=("V2.1.0", "V1.2.5"))

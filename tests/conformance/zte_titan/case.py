"""What the conformance suite needs to know of C600, C620 and C650."""

from tests.conformance.zte import zte
from vendors.zte_titan import adapter

CASE = zte(adapter, versions=("V2.0.1", "V1.2.2"))

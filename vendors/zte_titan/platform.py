"""C600, C620 and C650."""

from vendors.zte_common.platform import platform

PLATFORM = platform("zte_titan")

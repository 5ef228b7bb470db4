"""C300 and C320."""

from vendors.zte_common.platform import platform

PLATFORM = platform("zte_zxan")

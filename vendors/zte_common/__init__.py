"""What ZTE's two command lines have in common: C300/C320 (ZXAN) and C600/C620/C650 (TITAN)."""

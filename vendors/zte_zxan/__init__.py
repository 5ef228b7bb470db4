"""ZTE ZXAN: C300 and C320, software V1.2.x and V2.x."""

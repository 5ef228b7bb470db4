"""The vocabulary: what every other package speaks about, and nothing that does anything."""

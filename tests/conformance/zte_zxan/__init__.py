"""C300 and C320 in the conformance suite."""

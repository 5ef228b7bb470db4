"""C600, C620 and C650 in the conformance suite."""

"""SmartAX in the conformance suite."""

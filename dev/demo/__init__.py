"""`make demo`: a morning of installations on a real Kafka, simulated OLTs and a real worker, each a process of its own."""

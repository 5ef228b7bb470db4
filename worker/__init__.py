"""The process: ingest, correlate, provision, publish, and its command line."""

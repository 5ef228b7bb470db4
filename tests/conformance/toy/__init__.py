"""A complete small vendor: what a new platform has to bring, and nothing more."""

"""What strangers send, made up at random and given to what reads it. `python -m dev.fuzz KIND`; each kind is a module here."""

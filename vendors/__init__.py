"""OLTs: for each platform pure functions and a simulator; `session` is the only I/O to devices."""

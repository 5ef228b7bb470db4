"""The texts of the reason codes, a table for each part of the work. `events.reasons` is the way in."""

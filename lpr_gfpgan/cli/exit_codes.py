"""How a command ends, beside 0; a paused training has its own, see `training.Paused`."""

SKIPPED = 1
"""Done, but for pictures that were named and left out."""
REFUSED = 2
"""Bad input; nothing more was done after the line that says so."""
INTERRUPTED = 130
"""Stopped by the user, as shells count SIGINT."""

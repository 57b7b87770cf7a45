"""Sliders: a plate, degraded as one likes, restored and read while one watches.

- `settings`: what the sliders say, and the degradation that follows from it.
- `subject`: the plate in its frame: of the test split, drawn from a text, or photographed.
- `upload`: a file that a browser sent.
- `render`: degrades, restores, reads and compares; a function of its settings, without a browser.
- `html`: a view as one piece of HTML.
- `latest`: of many requests, only the newest is worked on.
- `panel`: the widgets around all this, `pages`: which networks it is of; these need ipywidgets,
  so they are imported by name.
"""

from .html import page
from .render import DEGRADED, ORIGINAL, READERS, Explorer, Residual, View
from .settings import LIMITS, Settings
from .subject import Subject

__all__ = [
    "DEGRADED",
    "LIMITS",
    "ORIGINAL",
    "READERS",
    "Explorer",
    "Residual",
    "Settings",
    "Subject",
    "View",
    "page",
]

"""Which networks the sliders show: the study's variants, or the weights that ship."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as w

from ..alone import alone_in
from ..config import ShippedPaths, Study
from ..errors import LprError
from ..evaluation.released import TEST, draw_plates, released_study
from ..training.stage import begin
from . import html
from .panel import CHOICES, Panel
from .render import Explorer

RELEASED = "released weights"
FOLDER = "explore"
"""Takes the place of a profile's name in data/synthetic/explore, where the plates to choose are."""


def show(study: Study, *, seed: int = 0) -> w.Widget:
    """The page: sliders and pictures of the study's networks or, where it has none, the released.

    Buttons above change between the two. What cannot be shown says why in its place. The study's
    number of CPU threads holds for the page too: networks of a small frame gain nothing by more,
    and lose much where other programs want the processor.

    Args:
        study: the study; nothing of it is trained here.
        seed: the training seed of its restorers.
    """
    begin(study)
    return Pages(
        {
            f"study {study.profile}": lambda: Explorer(study, seed=seed),
            RELEASED: lambda: released_explorer(study),
        }
    ).widget


def released_explorer(study: Study) -> Explorer:
    """An explorer of the weights that ship, with test plates of their frame.

    The plates are drawn at the first use, a fraction of a second.

    Args:
        study: gives the plates' seed and styles, and the folder they go to.

    Raises:
        WeightsError: the package holds no weights, or they are damaged.
    """
    released = released_study(study)
    paths = ShippedPaths(released.paths.output, FOLDER, released.paths.folder)
    released = replace(released, paths=paths)
    with alone_in(paths.plates.with_name(f"{FOLDER}-lock")):
        draw_plates(released, {TEST: CHOICES}, workers=1)
    return Explorer(released)


class Pages:
    """Buttons, and the panel of what they choose; each panel is made once, when it is needed.

    Args:
        explorers: makes each explorer, by the name on its button. The first that can be made is
            shown; the first of all, where none can.

    Attributes:
        widget: what a notebook cell ends with.
        choice: the buttons.
    """

    def __init__(self, explorers: Mapping[str, Callable[[], Explorer]]) -> None:
        self._explorers = explorers
        self._made: dict[str, w.Widget] = {}
        self._place = w.VBox()
        self.choice = w.ToggleButtons(
            options=list(explorers),
            value=self._first(),
            description="networks",
            style={"button_width": "150px"},
            layout=w.Layout(margin="0 0 10px 0"),
        )
        self.choice.observe(self._choose, names="value")
        self._choose()
        self.widget = w.VBox([self.choice, self._place])

    def _first(self) -> str:
        names = list(self._explorers)
        return next((name for name in names if not isinstance(self._page(name), w.HTML)), names[0])

    def _choose(self, change: dict[str, Any] | None = None) -> None:
        self._place.children = [self._page(self.choice.value)]

    def _page(self, name: str) -> w.Widget:
        """The panel of that name, or why there is none; that is asked for anew each time."""
        if name in self._made:
            return self._made[name]
        try:
            self._made[name] = Panel(self._explorers[name]()).widget
        except LprError as problem:
            return w.HTML(html.error(str(problem)))
        return self._made[name]

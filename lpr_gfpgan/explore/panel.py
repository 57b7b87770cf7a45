"""The widgets around an explorer: they pass settings on and show what comes back."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import ipywidgets as w

from ..errors import ImageError, LprError
from ..restore import TIGHT
from . import html
from .latest import Latest
from .render import Explorer
from .settings import LIMITS, NONE, Settings
from .subject import AUTOMATIC, FIND, Subject
from .upload import Upload

CHOICES = 50
"""Test plates to choose from."""
TEST, TEXT, PHOTOGRAPH = "test plate", "text", "photograph"
PLACE_NAMES = {
    "automatic": AUTOMATIC,
    "tight: fills the picture": TIGHT,
    "found by HyperLPR": FIND,
}
"""What the user reads for each of `subject.PLACES`; messages of the package say 'tight' too."""
UNITS = {
    "motion_length": "motion (of plate)",
    "motion_angle": "motion angle (°)",
    "defocus": "defocus (of plate)",
    "resolution": "plate width (px)",
    "noise": "noise (levels)",
    "jpeg": "JPEG quality",
}
_LEFT = {"description_width": "118px"}


@dataclass(frozen=True, kw_only=True)
class _Request:
    """Where the controls stood: which plate (`key` tells it from others), how, by whom."""

    key: tuple[Any, ...]
    subject: Callable[[], Subject]
    settings: Settings
    variants: tuple[str, ...]


class Panel:
    """Controls on the left, the row of pictures on the right.

    A change of any control asks for a new row, while dragging too. Rows are made in a thread, only
    the newest is asked for, see `Latest`. A photograph has its own blur, so choosing it as the
    source sets the sliders to none; another source gets a new explorer's degradation back.

    Args:
        explorer: makes the rows.

    Attributes:
        widget: what a notebook cell ends with.
        controls: the widgets whose values decide what is shown, by name.
        none: a button that sets all sliders to none.
        variants: a box to tick for each trained variant.
        row: shows the last view.
        message: above the row: how its plate was found and how long it took, or what went wrong.
        shown: how many views were shown.
    """

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.shown = 0
        self._held = False  # sliders are being moved together
        self._photograph: tuple[int, Upload] | None = None  # which one, and the file
        self._subject: tuple[tuple[Any, ...], Subject] | None = None  # the last one and its key
        self._latest = Latest(self._render, self._report)
        self.source = w.ToggleButtons(
            options=[TEST, TEXT, PHOTOGRAPH], style={"button_width": "97px"}
        )
        self.upload = w.FileUpload(accept="image/*", description="upload", multiple=False)
        self.controls: dict[str, w.Widget] = {"source": self.source, **_sources(explorer)}
        self.controls |= {name: _slider(name, explorer.size[1]) for name in LIMITS}
        self.none = w.Button(description="no degradation")
        self.variants = {
            name: w.Checkbox(value=name in explorer.chosen, description=name, indent=False)
            for name in explorer.variants
        }
        self.row, self.message = w.HTML(), w.HTML()
        self.source.observe(self._choose_source, names="value")  # before the row is asked for
        for control in (*self.controls.values(), *self.variants.values()):
            control.observe(self.ask, names="value")
        self.none.on_click(self._take_all_away)
        self.upload.observe(self._take_upload, names="value")
        self._place = w.VBox()
        self._show_source()
        self.widget = self._layout()
        self.ask()

    def ask(self, change: object = None) -> None:
        """Asks for the view that the controls stand for; returns before it is made."""
        if not self._held:
            self._latest.ask(self._request())

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until what was asked for is shown; False if it took longer than `timeout` s."""
        return self._latest.wait(timeout)

    def _request(self) -> _Request:
        value = {name: control.value for name, control in self.controls.items()}
        settings = Settings(**{name: value[name] for name in LIMITS})
        variants = tuple(name for name, box in self.variants.items() if box.value)
        if value["source"] == TEST:
            key = (TEST, value["plate"])
            subject = partial(self.explorer.numbered_plate, value["plate"])
        elif value["source"] == TEXT:
            key = (TEXT, value["text"])
            subject = partial(self.explorer.drawn_plate, value["text"])
        else:
            number, upload = self._photograph or (0, None)
            key = (PHOTOGRAPH, number, value["place"], value["truth"])
            subject = partial(self._photographed, upload, value["place"], value["truth"])
        return _Request(key=key, subject=subject, settings=settings, variants=variants)

    def _photographed(self, upload: Upload | None, place: str, text: str) -> Subject:
        if upload is None:
            raise ImageError("upload a photograph: PNG, JPEG, BMP, WebP or TIFF")
        with upload.as_file() as path:
            return self.explorer.photographed_plate(path, place=place, text=text)

    def _render(self, request: _Request) -> None:
        """Shows what was asked for."""
        begun = time.perf_counter()
        if self._subject is None or self._subject[0] != request.key:
            self._subject = request.key, request.subject()
        view = self.explorer.render(self._subject[1], request.settings, variants=request.variants)
        self.row.value = html.page(view)
        self.row.remove_class(html.STALE)
        self.shown += 1
        note = f"{view.subject.note}; " if view.subject.note else ""
        self.message.value = html.remark(f"{note}{time.perf_counter() - begun:.2f} s")

    def _report(self, error: Exception) -> None:
        """Says what went wrong; the row stays, greyed, since it shows something else."""
        mistake = isinstance(error, LprError)
        self.row.add_class(html.STALE)
        self.message.value = html.error(
            str(error) if mistake else f"no pictures: {_first_line(error)}", stale=self.shown > 0
        )
        if not mistake:  # for whoever mends it
            traceback.print_exception(error)

    def _choose_source(self, change: dict[str, Any]) -> None:
        """Shows a source's controls; nobody knows a photograph's blur, so none is added to it."""
        self._show_source()
        if PHOTOGRAPH in (change["old"], change["new"]):
            self._slide(NONE if change["new"] == PHOTOGRAPH else Settings())

    def _take_all_away(self, button: object = None) -> None:
        self._slide(NONE)
        self.ask()

    def _slide(self, settings: Settings) -> None:
        """Moves all sliders and asks for nothing: no row is made of half of them."""
        self._held = True
        try:
            for name in LIMITS:
                self.controls[name].value = getattr(settings, name)
        finally:
            self._held = False

    def _show_source(self) -> None:
        """Leaves only the controls of the chosen source."""
        names = {TEST: ["plate"], TEXT: ["text"], PHOTOGRAPH: ["place", "truth"]}
        chosen = [self.controls[name] for name in names[self.source.value]]
        upload = [self.upload] if self.source.value == PHOTOGRAPH else []
        self._place.children = [*upload, *chosen]

    def _take_upload(self, change: object = None) -> None:
        if not self.upload.value:
            return
        file = self.upload.value[0]
        number = 1 + (self._photograph[0] if self._photograph else 0)
        self._photograph = number, Upload(name=file["name"], data=bytes(file["content"]))
        self.ask()

    def _layout(self) -> w.Widget:
        missing = ", ".join(self.explorer.missing)
        left = w.VBox(
            [
                self.source,
                self._place,
                w.HTML("<b>degraded by</b> (0: not at all)"),
                *(self.controls[name] for name in LIMITS),
                self.none,
                w.HTML("<b>restored by</b>"),
                *self.variants.values(),
                *([w.HTML(html.remark(f"not trained: {missing}"))] if missing else []),
            ],
            layout=w.Layout(width="330px", flex="0 0 330px", padding="0 12px 0 0"),
        )
        right = w.VBox([self.message, self.row], layout=w.Layout(flex="1 1 0", min_width="240px"))
        return w.HBox([left, right])


def _first_line(error: Exception) -> str:
    """The kind of an unexpected error and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]


def _sources(explorer: Explorer) -> dict[str, w.Widget]:
    texts = explorer.plates.table["text"][:CHOICES]
    options = [(f"{number}: {text}", number) for number, text in enumerate(texts)]
    wide = {"style": _LEFT, "layout": w.Layout(width="310px")}
    return {
        "plate": w.Dropdown(options=options, description="test plate", **wide),
        "text": w.Text(value="皖A12345", description="text", continuous_update=False, **wide),
        "place": w.Dropdown(options=PLACE_NAMES, description="the plate", **wide),
        "truth": w.Text(
            description="true text",
            placeholder="if you know it",
            continuous_update=False,
            **wide,
        ),
    }


def _slider(name: str, width: int) -> w.Widget:
    """A slider for frames so many px wide; a plate cannot have more columns than its frame."""
    low, high, step = LIMITS[name]
    if name == "resolution":
        high = min(high, width)
    kind = w.IntSlider if isinstance(step, int) else w.FloatSlider
    shape = {} if kind is w.IntSlider else {"readout_format": ".3f" if step < 1 else ".0f"}
    return kind(
        value=getattr(Settings(), name),
        min=low,
        max=high,
        step=step,
        description=UNITS[name],
        continuous_update=True,
        style=_LEFT,
        layout=w.Layout(width="310px"),
        **shape,
    )

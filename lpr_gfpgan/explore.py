"""Sliders: a plate, degraded as one likes, restored and read while one watches.

`Explorer.render` is a function of its settings and needs no browser; `Explorer.show` puts widgets
around it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from .config import Study
from .degradations import DegradationParameters, degrade
from .errors import ConfigError, LprError
from .metrics import alignment
from .plates import (
    HELD_OUT_TYPEFACE,
    TRAIN_SURROUNDINGS,
    PlateSet,
    draw_scene,
    image_tensor,
    layout_of,
)
from .randomness import keys
from .readers import Reader, Reading, load_reader
from .restore import Restorer, choose_device
from .training.pictures import to_pixels

if TYPE_CHECKING:
    import ipywidgets

ORIGINAL, DEGRADED = "original", "degraded"
READERS = ("direct", "judge")
CHOICES = 50
PICTURE_WIDTH = 288
WRONG = "#d55e00"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the sliders say. Lengths are fractions of the plate's width.

    Attributes:
        plate: number of a plate of the test split; ignored where there is a text.
        text: a plate text to draw instead; empty for none.
        motion_length: fraction of the plate's width; 0 = no motion.
        motion_angle: degrees 0 to 180, 0 = horizontal, counter-clockwise as seen.
        defocus: standard deviation of the Gaussian, fraction of the plate's width; 0 = none.
        resolution: the plate's width in pixels on the small image; 0 = as it is.
        noise: standard deviation in levels of 0..255.
        jpeg: quality 1 to 100; 0 = none.
        seed: of the drawn scene and of the noise.
    """

    plate: int = 0
    text: str = ""
    motion_length: float = 0.08
    motion_angle: float = 0.0
    defocus: float = 0.01
    resolution: int = 0
    noise: float = 3.0
    jpeg: int = 0
    seed: int = 0


LIMITS: dict[str, tuple[float, float, float]] = {
    "motion_length": (0.0, 0.2, 0.01),
    "motion_angle": (0.0, 180.0, 5.0),
    "defocus": (0.0, 0.05, 0.0025),
    "resolution": (0, 128, 4),
    "noise": (0.0, 40.0, 1.0),
    "jpeg": (0, 100, 5),
}
"""Lowest and highest value and step of each slider."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What there is to see.

    Attributes:
        truth: the plate's text.
        pictures: by name, in order: "original", "degraded", then each variant; uint8 [H, W, 3].
        readings: by picture and reader.
        parameters: what the picture was degraded by.
    """

    truth: str
    pictures: dict[str, np.ndarray]
    readings: dict[tuple[str, str], Reading]
    parameters: DegradationParameters


class Explorer:
    """Degrades, restores and reads plates on demand.

    Args:
        study: a trained study.
        variants: the restorers to show.
        seed: their training seed.
        device: where the networks run; a GPU if there is one, when not given.

    Raises:
        DataError: the study has no plates.
        WeightsError: a reader or restorer is missing or damaged.
    """

    def __init__(
        self,
        study: Study,
        *,
        variants: tuple[str, ...] = ("full",),
        seed: int = 0,
        device: torch.device | str | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.plates = PlateSet(study.paths.plates, "test")
        self.size = self.plates.size
        self.readers: dict[str, Reader] = {
            name: load_reader(study.paths.reader(name), name).to(self.device) for name in READERS
        }
        self.restorers = {
            name: Restorer.from_pretrained(study.paths.restorer(name, seed), device=self.device)
            for name in variants
        }

    def render(self, settings: Settings) -> View:
        """Degrades, restores and reads one plate; equal settings give equal views.

        Raises:
            ConfigError: a setting is out of its slider's range, or there is no such plate.
            LabelError: the text is on no plate.
        """
        image, quad, truth = self._plate(settings)
        parameters = self._parameters(settings, quad)
        degraded = to_pixels(degrade(image_tensor(image[None]), parameters, codec="exact"))[0]
        pictures = {ORIGINAL: image, DEGRADED: degraded}
        for name, restorer in self.restorers.items():
            pictures[name] = restorer.network_frames([degraded])[0]
        batch = image_tensor(np.stack(list(pictures.values())), self.device)
        quads = torch.from_numpy(quad).to(self.device).expand(len(batch), 4, 2)
        readings = {
            (picture, name): reading
            for name, reader in self.readers.items()
            for picture, reading in zip(pictures, reader.read(batch, quads), strict=True)
        }
        return View(truth=truth, pictures=pictures, readings=readings, parameters=parameters)

    def show(self) -> ipywidgets.Widget:
        """The sliders and the row of pictures, as a widget that a notebook cell can end with."""
        return _Panel(self).widget

    def _plate(self, settings: Settings) -> tuple[np.ndarray, np.ndarray, str]:
        """Image uint8 [H, W, 3], corners float32 [4, 2] and text of the chosen plate."""
        text = settings.text.strip().upper()
        if text:
            scene = draw_scene(
                np.random.default_rng(settings.seed),
                *self.size,
                style=layout_of(text).name,
                typeface=HELD_OUT_TYPEFACE,
                surroundings=TRAIN_SURROUNDINGS[0],
                text=text,
                tight=False,
            )
            return scene.image, scene.quad, text
        if not 0 <= settings.plate < len(self.plates):
            raise ConfigError(f"plate {settings.plate}: choose 0 to {len(self.plates) - 1}")
        number = settings.plate
        image = np.array(self.plates.images[number])
        return image, self.plates.quads[number], str(self.plates.table["text"][number])

    def _parameters(self, settings: Settings, quad: np.ndarray) -> DegradationParameters:
        for name, (low, high, _) in LIMITS.items():
            if not low <= getattr(settings, name) <= high:
                raise ConfigError(f"{name} {getattr(settings, name)}: stay within {low} to {high}")
        height, width = self.size
        plate_width = float(np.linalg.norm(quad[[1, 2]] - quad[[0, 3]], axis=1).mean())
        small = width
        if settings.resolution:
            small = min(width, max(1, round(width * settings.resolution / plate_width)))
        row = DegradationParameters.none(1, height, width).to_rows()[0]
        row |= {
            "motion_length": settings.motion_length * plate_width,
            "motion_angle": settings.motion_angle,
            "sigma_major": settings.defocus * plate_width,
            "sigma_minor": settings.defocus * plate_width,
            "small_width": small,
            "small_height": max(1, round(height * small / width)),
            "noise_sigma": settings.noise,
            "jpeg_quality": settings.jpeg,
            "noise_key": keys(settings.seed, 0, torch.tensor([0]), "explore").item(),
        }
        return DegradationParameters.from_rows([row])


def marked(truth: str, reading: str) -> str:
    """A reading as HTML: wrong characters orange and underlined, missing ones an underscore."""
    parts = []
    for true, seen in alignment(truth, reading):
        shown = html.escape(seen or "_")
        if seen != true:
            shown = f'<u style="color: {WRONG}">{shown}</u>'
        parts.append(shown)
    return "".join(parts)


def png(image: np.ndarray, width: int = PICTURE_WIDTH) -> bytes:
    """An image uint8 [H, W, 3] as the bytes of a PNG, enlarged to `width` columns."""
    height = round(image.shape[0] * width / image.shape[1])
    larger = cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", cv2.cvtColor(larger, cv2.COLOR_RGB2BGR))[1].tobytes()


def captions(view: View) -> dict[str, str]:
    """What to write beneath each picture, as HTML: its name and each reader's reading of it."""
    return {
        picture: f"<b>{html.escape(picture)}</b><br>"
        + "<br>".join(
            f"{name}: {marked(view.truth, view.readings[picture, name].text)} "
            f"({view.readings[picture, name].confidence:.0%})"
            for name in READERS
        )
        for picture in view.pictures
    }


class _Panel:
    """The widgets around an explorer; a change of any control draws the row again."""

    def __init__(self, explorer: Explorer) -> None:
        import ipywidgets as w

        self.explorer = explorer
        texts = explorer.plates.table["text"][:CHOICES]
        self.controls: Mapping[str, w.Widget] = {
            "plate": w.Dropdown(
                options=[(f"{i}: {text}", i) for i, text in enumerate(texts)],
                description="test plate",
            ),
            "text": w.Text(
                description="or a text", placeholder="皖A12345", continuous_update=False
            ),
            **{name: _slider(name) for name in LIMITS},
        }
        self.message = w.HTML()
        self.images, self.captions = {}, {}
        cells = []
        for name in (ORIGINAL, DEGRADED, *explorer.restorers):
            self.images[name] = w.Image(format="png", width=PICTURE_WIDTH)
            self.captions[name] = w.HTML()
            cells.append(w.VBox([self.images[name], self.captions[name]]))
        for control in self.controls.values():
            control.observe(self.draw, names="value")
        self.widget = w.VBox([w.VBox([*self.controls.values()]), self.message, w.HBox(cells)])
        self.draw()

    def draw(self, change: object = None) -> None:
        """Shows what the controls ask for; a mistake becomes a message and the row stays."""
        try:
            values = {name: control.value for name, control in self.controls.items()}
            view = self.explorer.render(Settings(**values))
        except LprError as error:
            self.message.value = f'<span style="color: {WRONG}">{html.escape(str(error))}</span>'
            return
        self.message.value = f"truth: {html.escape(view.truth)}"
        below = captions(view)
        for name, picture in view.pictures.items():
            self.images[name].value = png(picture)
            self.captions[name].value = below[name]


def _slider(name: str) -> ipywidgets.Widget:
    """A slider that reports when it is let go, so that dragging it queues nothing up."""
    import ipywidgets as w

    low, high, step = LIMITS[name]
    kind = w.IntSlider if isinstance(step, int) else w.FloatSlider
    start = next(field.default for field in fields(Settings) if field.name == name)
    shape = {} if kind is w.IntSlider else {"readout_format": ".3f" if step < 1 else ".0f"}
    return kind(
        value=start,
        min=low,
        max=high,
        step=step,
        description=name.replace("_", " "),
        continuous_update=False,
        **shape,
    )

"""How far a restoration may be believed: confidence, refusal of non-plates, agreement of samples.

- `likeness`: how much a frame looks like a plate; below a threshold it is refused.
- `confidence`: the calibrated probability of a character; a restoration read otherwise lowers it.
- `texts`: the calibrated probability of a whole text.
- `placing`: how a user's picture becomes the frame that is judged; `sharpness`: how sharp it is.
- `samples`: several restorations of one input, whose agreement is shown if it tells wrong
  characters.
- `non_plates` (with `textures`, `signs`, `views`): pictures of what is no plate.
- `calibration`: what was fixed, as a file beside the weights; `calibrate`: fixes it, and decides
  which plates fit, choose and measure; `subject`, `judged`, `characters`, `figures`: its steps.
"""

from .calibrate import calibrate
from .calibration import Auroc, Calibration
from .confidence import agreement, sample_agreement
from .non_plates import KINDS, draw_non_plate
from .samples import sample_restorations
from .sharpness import sharpness

__all__ = [
    "KINDS",
    "Auroc",
    "Calibration",
    "agreement",
    "calibrate",
    "draw_non_plate",
    "sample_agreement",
    "sample_restorations",
    "sharpness",
]

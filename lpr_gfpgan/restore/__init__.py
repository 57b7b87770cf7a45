"""The public door: a picture in, the restored plate and its readings out.

    plate = Restorer.from_pretrained().restore("plate.jpg")
    plate.image, plate.text, plate.text_restored

pictures (files, PIL images, arrays), locating (which plates a picture holds), placing (a plate in
the canonical frame), photographs (plates found, and put back), weights (which ones, and what lies
beside them), device, reading (characters with confidences and alternatives), examiner (whether it
is a plate, and what it says), sampling (other restorations, and how far they agree), result and
restorer.

A restoration shows what is likely, which need not be what was there: it is no evidence. The reading
of the picture by a reader trained on degraded plates stands beside the reading of the restoration.
"""

from .device import choose_device
from .examiner import LEAST_WIDTH
from .locating import TIGHT_ASPECTS, LocatedPlates
from .photographs import NoPlateFound, PlateFinder
from .pictures import to_array
from .placing import LEAST_HEIGHT, TIGHT, PlacedPlate
from .reading import Character, PlateReading
from .restorer import Restorer
from .result import RestoredPhotograph, RestoredPlate
from .weights import find_weights

__all__ = [
    "LEAST_HEIGHT",
    "LEAST_WIDTH",
    "TIGHT",
    "TIGHT_ASPECTS",
    "Character",
    "LocatedPlates",
    "NoPlateFound",
    "PlacedPlate",
    "PlateFinder",
    "PlateReading",
    "RestoredPhotograph",
    "RestoredPlate",
    "Restorer",
    "choose_device",
    "find_weights",
    "to_array",
]

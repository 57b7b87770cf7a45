"""Readers: networks that turn the picture of a plate into text.

Three readers are trained by this project. `loss` serves the recognition loss and judges nothing;
`judge` has another architecture, other typefaces and another seed, and enters no loss and no
selection; `direct` is trained on degraded images: reading the degraded plate directly is the
baseline that any restoration has to beat. Where a profile trains on photographs, all three see the
same crops, which makes `judge` less independent of `loss` there. `HyperLPR` runs the models of the
paper's own reader, which another package carries.
"""

from .hyperlpr import HyperLPR, load_hyperlpr
from .reader import Reader, Reading, load_reader
from .slots import slot_centres

__all__ = ["HyperLPR", "Reader", "Reading", "load_hyperlpr", "load_reader", "slot_centres"]

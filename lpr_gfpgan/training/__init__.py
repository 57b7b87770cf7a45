"""Training: readers, prior, warm-up, restorer and baselines, each resumable and exact to repeat.

The same functions run in a notebook, under papermill, from the command line and under torchrun.
"""

from .baseline import train_baseline
from .loop import Paused
from .prior import sample_prior, train_prior, untrained_prior
from .reader import reader_accuracy, train_reader
from .restorer import train_restorer
from .stages import (
    ensure_all,
    ensure_baseline,
    ensure_plates,
    ensure_prior,
    ensure_reader,
    ensure_warmup,
    train,
)

__all__ = [
    "Paused",
    "ensure_all",
    "ensure_baseline",
    "ensure_plates",
    "ensure_prior",
    "ensure_reader",
    "ensure_warmup",
    "reader_accuracy",
    "sample_prior",
    "train",
    "train_baseline",
    "train_prior",
    "train_reader",
    "train_restorer",
    "untrained_prior",
]

"""Training of the plate readers."""

from pathlib import Path

import torch
from torch import Tensor

from ..config import Study
from ..files import sha256_of, write_json
from ..losses import ctc_loss, slot_cross_entropy
from ..networks import PlateReader, crop_region, slot_logits
from ..plates import NUM_CLASSES, PlateBatch
from ..randomness import keys
from ..readers import Reader, slot_centres
from ..settings import ReaderSettings
from . import distributed
from .augment import vary_colours, vary_corners
from .data import SceneStream
from .loop import run
from .optimise import adam, falling_rate, update
from .photographs import photograph_inputs, photograph_stream
from .place import run_folder
from .stage import (
    begin,
    degradation_ranges,
    degraded,
    identity_of,
    mixed_precision,
    open_plates,
    store,
    to_device,
)
from .start import STARTED_FROM, draws_after, load_start, origin

DIRECT = "direct"
NAMES = ("loss", "judge", DIRECT)
CHUNK = 64


class ReaderTask:
    """One reader, trained by CTC plus cross-entropy at the character slots.

    The slot term ties each character's peak to the character's place, so that the recognition
    loss can ask for a character where it stands.

    Args:
        study: the study, its plates drawn.
        settings: of the reader.
        device: where to train.
        start: a reader's weights to begin with in place of first ones. The draws are then those of
            its checksum, see `start.draws_after`.

    Raises:
        ConfigError: `start` is built otherwise than the profile's reader.
        WeightsError: `start` is missing, damaged or no reader's.
    """

    def __init__(
        self,
        study: Study,
        settings: ReaderSettings,
        device: torch.device,
        start: Path | None = None,
    ) -> None:
        self.settings = settings
        self.batch = settings.batch
        self.seed = settings.seed if start is None else draws_after(start)
        if start is None:
            network = untrained_reader(study, settings)
        else:
            network = reader_start(study, settings, start).train().requires_grad_(True)
        self.network = to_device(network, device)
        self.device = device
        self.optimiser = adam(self.network, learning_rate=settings.learning_rate, betas=(0.9, 0.99))
        self.ranges = degradation_ranges(study, settings.degradation)
        self.stream = SceneStream(
            open_plates(study, settings.split),
            batch=settings.batch,
            seed=self.seed,
            device=device,
            prepare=self._prepare,
        )
        photographs = study.settings.photographs
        self.photographs = photograph_stream(
            study,
            photographs.reader if photographs else 0,
            seed=self.seed,
            device=device,
            prepare=self._prepare,
        )
        self.parts = {"network": self.network, "optimiser": self.optimiser}

    def step(self, step: int) -> dict[str, Tensor]:
        """One step down both losses.

        Photographed crops know their text but not the places of its characters: they have CTC
        alone.
        """
        crops, labels, lengths = self._seen(step)
        with mixed_precision(self.device):
            logits = self.network(crops).float()
        scenes = len(self.stream.samples(step))
        slots = slot_logits(logits[:scenes], slot_centres(lengths[:scenes]))
        losses = {
            "ctc": ctc_loss(logits, labels, lengths),
            "slots": slot_cross_entropy(slots, labels[:scenes]),
        }
        falling_rate(self.optimiser, step=step, steps=self.settings.steps)
        update(
            self.network,
            self.optimiser,
            losses["ctc"] + self.settings.slot_weight * losses["slots"],
        )
        return losses

    def _seen(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """The plates' crops, labels and lengths: the drawn ones, then the photographed ones."""
        streams = [self.stream] if self.photographs is None else [self.stream, self.photographs]
        seen = []
        for number, stream in enumerate(streams):
            batch, image = stream(step)
            drawn = self._keys(
                step, stream.samples(step), "corners" if number == 0 else "photographs"
            )
            quad = vary_corners(batch.quad, drawn, self.settings.variety)
            seen.append(
                (crop_region(image, quad, self.network.input_size), batch.labels, batch.lengths)
            )
        return tuple(torch.cat(each) for each in zip(*seen, strict=True))

    def _prepare(self, batch: PlateBatch, step: int, samples: Tensor) -> tuple[PlateBatch, Tensor]:
        image = degraded(batch, self.ranges, seed=self.seed, step=step, samples=samples)
        colours = self._keys(step, samples, "colours")
        return batch, vary_colours(image, colours, self.settings.variety)

    def _keys(self, step: int, samples: Tensor, stream: str) -> Tensor:
        return keys(self.seed, step, samples, f"reader-{stream}")

    def grid(self) -> None:
        """Readers make no pictures."""
        return None

    def waited(self) -> float:
        """Seconds spent waiting for data."""
        return self.stream.waited + (self.photographs.waited if self.photographs else 0.0)

    def close(self) -> None:
        """Ends the fetching of scenes and crops."""
        for stream in (self.stream, self.photographs):
            if stream is not None:
                stream.close()


def untrained_reader(study: Study, settings: ReaderSettings) -> PlateReader:
    """The network of a reader, with its first weights."""
    return PlateReader(
        architecture=settings.architecture,
        channels=settings.channels,
        input_size=study.settings.readers.crop,
        num_classes=NUM_CLASSES,
        seed=settings.seed,
    )


def reader_start(study: Study, settings: ReaderSettings, path: Path) -> PlateReader:
    """The reader in a weights file that the training of one may begin with; see `load_start`."""
    return load_start(path, "reader", untrained_reader(study, settings).config)


def reader_identity(study: Study, name: str, start: Path | None = None) -> str:
    """What decides the weights of the reader `name`, see `stage.identity_of`."""
    settings: ReaderSettings = getattr(study.settings.readers, name)
    parts = [settings, study.settings.readers.crop, study.ranges(settings.degradation)]
    inputs = photograph_inputs(study)
    if start is not None:
        parts.append(sha256_of(start))
    if inputs:
        parts += [study.settings.photographs.sources, study.settings.photographs.reader]
    return identity_of(study, *parts, inputs=inputs)


def train_reader(
    study: Study, name: str, *, max_seconds: float | None = None, start: Path | None = None
) -> dict[str, float]:
    """Trains the reader `name` (loss, judge or direct), writes its weights, curve and metrics.

    Args:
        study: the study.
        name: which reader.
        max_seconds: pause after so many seconds.
        start: a reader's weights to begin with: an earlier training goes on with a fresh optimiser.
            The weights' provenance says so.

    Returns:
        Accuracy on the validation plates, clean and degraded as in training (see
        `reader_accuracy`).

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad settings, data or checkpoint.
    """
    device = begin(study)
    settings: ReaderSettings = getattr(study.settings.readers, name)
    task = ReaderTask(study, settings, device, start)
    run_name = f"reader-{name}"
    identity = reader_identity(study, name, start)
    began = {} if start is None else {STARTED_FROM: origin(start)}
    with run_folder(study, run_name, identity) as (folder, fingerprint):
        run(
            task,
            name=run_name,
            steps=settings.steps,
            setting=f"profiles.{study.profile}.readers.{name}.batch",
            folder=folder,
            fingerprint=fingerprint,
            curve=study.paths.curve(run_name),
            timing=study.paths.timing(run_name),
            max_seconds=max_seconds,
        )
        task.close()
        metrics = reader_accuracy(study, Reader(task.network, name=name), settings)
        if distributed.rank() == 0:
            write_json(study.paths.metrics(run_name), metrics)
        # Last: what has its weights counts as trained, and nothing else of it is made again.
        store(
            study,
            study.paths.reader(name),
            task.network,
            kind="reader",
            identity=identity,
            seed=settings.seed,
            draws_seed=task.seed,
            steps=settings.steps,
            images=settings.steps * settings.batch,
            split=settings.split,
            degradation=settings.degradation,
            **began,
        )
    return metrics


@torch.no_grad()
def reader_accuracy(study: Study, reader: Reader, settings: ReaderSettings) -> dict[str, float]:
    """Share of validation plates read without a mistake, clean and degraded as in training.

    Returns:
        n, clean_exact and degraded_exact, the last two in [0, 1].
    """
    plates = open_plates(study, "validation")
    ranges = degradation_ranges(study, settings.degradation)
    device = next(reader.network.parameters()).device
    hits = {"clean": 0, "degraded": 0}
    for start in range(0, len(plates), CHUNK):
        samples = torch.arange(start, min(start + CHUNK, len(plates)))
        batch: PlateBatch = plates.batch(samples.numpy()).to(device)
        texts = plates.table["text"].iloc[samples.numpy()].tolist()
        images = {
            "clean": batch.image,
            "degraded": degraded(batch, ranges, seed=settings.seed, step=-1, samples=samples),
        }
        for kind, image in images.items():
            readings = reader.read(image, batch.quad)
            hits[kind] += sum(r.text == t for r, t in zip(readings, texts, strict=True))
    count = len(plates)
    return {"n": count, **{f"{kind}_exact": round(h / count, 4) for kind, h in hits.items()}}

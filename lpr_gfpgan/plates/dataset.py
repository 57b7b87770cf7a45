"""Synthetic data sets: drawn in parallel, written whole or not at all, opened memory-mapped.

A set is a folder with images.npy (uint8 [N, H, W, 3]), labels.csv (one row per scene) and
manifest.json (what was asked for, the files' SHA-256, and with which versions it was drawn). The
bytes depend on the request alone, not on the number of processes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from ..errors import DataError
from ..files import atomic_folder, sha256_of, write_json
from . import drawing, surroundings
from .alphabet import LAYOUTS, random_text
from .batch import PlateBatch, image_tensor, label_arrays
from .scenes import Scene, draw_scene
from .splits import SPLITS, split_of

if TYPE_CHECKING:
    import torch

_FILES = ("images.npy", "labels.csv")
_CHUNK = 16  # scenes per report of progress
_WORTH_A_PROCESS = 128  # scenes; starting an interpreter costs about as much as drawing these


def scene_of(
    split: str,
    index: int,
    *,
    seed: int,
    height: int,
    width: int,
    styles: Mapping[str, float],
    standard: float = 0.0,
) -> Scene:
    """Draw scene `index` of a split; nothing but the arguments decides what it shows.

    Every other scene is tight. Test scenes alternate between seen and held-out typefaces and
    surroundings in all four combinations, so every prefix of a split is balanced.

    Args:
        split: one of SPLITS.
        index: number of the scene in its split.
        seed: seed of the set.
        height: rows of the frame.
        width: columns of the frame.
        styles: weight of each style; only the proportions count.
        standard: the share, 0 to 1, of scenes to train on (splits "train" and "judge") that are
            drawn in the plates' own face, drawing.STANDARD_TYPEFACE. Tests have none of it.

    Raises:
        DataError: an unknown split or style, or a share outside 0 to 1.
    """
    if split not in SPLITS:
        raise DataError(f"no split {split!r}; choose one of {', '.join(SPLITS)}")
    _check_share(standard)
    rng = np.random.default_rng([seed, SPLITS.index(split), index])
    names, weights = _style_weights(styles)
    style = str(rng.choice(names, p=weights))
    wanted = "train" if split == "judge" else split
    text = random_text(rng, LAYOUTS[style])
    while split_of(text) != wanted:
        text = random_text(rng, LAYOUTS[style])

    faces = drawing.JUDGE_TYPEFACES if split == "judge" else drawing.TRAIN_TYPEFACES
    typeface = str(rng.choice(faces))
    # Without a share nothing more is drawn: such a set is the same as before the face was there.
    if standard and wanted == "train" and rng.random() < standard:
        typeface = drawing.STANDARD_TYPEFACE
    around = str(rng.choice(surroundings.TRAIN_SURROUNDINGS))
    if split == "test" and index // 2 % 2:
        typeface = drawing.HELD_OUT_TYPEFACE
    if split == "test" and index // 4 % 2:
        around = surroundings.HELD_OUT_SURROUNDINGS
    return draw_scene(
        rng,
        height,
        width,
        style=style,
        typeface=typeface,
        surroundings=around,
        text=text,
        tight=bool(index % 2),
    )


def _check_share(standard: float) -> None:
    if not 0 <= standard <= 1:
        raise DataError(f"standard: {standard}; give a share from 0 to 1")


def _style_weights(styles: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    for name in styles:
        if name not in LAYOUTS:
            raise DataError(f"no style {name!r}; choose among {', '.join(LAYOUTS)}")
    weights = np.array(list(styles.values()), np.float64)
    if not len(weights) or (weights < 0).any() or weights.sum() <= 0:
        raise DataError(f"style weights must be positive, got {dict(styles)}")
    return list(styles), weights / weights.sum()


def prepare(
    folder: str | Path,
    *,
    height: int,
    width: int,
    seed: int,
    counts: Mapping[str, int],
    styles: Mapping[str, float],
    standard: float = 0.0,
    workers: int | None = None,
) -> Path:
    """Draw a synthetic data set.

    A set in the folder that answers the same request and is undamaged is kept. Anything else there
    is replaced, but only once the new set is complete.

    Args:
        folder: where the set goes.
        height: rows of the frame.
        width: columns of the frame.
        seed: seed of the set.
        counts: number of scenes of each split.
        styles: weight of each style ("blue", "yellow", "green").
        standard: as in `scene_of`.
        workers: number of processes; by default one per available core, 1 draws in this process.

    Returns:
        The folder.

    Raises:
        DataError: an unknown split or style, a negative count, a share outside 0 to 1, or a
            drawing process failed.
    """
    folder = Path(folder)
    for split, count in counts.items():
        if split not in SPLITS or count < 0:
            raise DataError(
                f"counts: {split!r}: {count}; use {', '.join(SPLITS)} and numbers from 0 on"
            )
    _style_weights(styles)
    _check_share(standard)
    request = {
        "height": height,
        "width": width,
        "seed": seed,
        "counts": {split: counts[split] for split in SPLITS if split in counts},
        "styles": dict(styles),
        "standard": standard,
        "recipe": recipe_hash(),
    }
    if _answers(folder, request):
        return folder

    jobs = [(split, i) for split, count in request["counts"].items() for i in range(count)]
    if not jobs:
        raise DataError("counts: the set would be empty; ask for at least one scene")
    if workers is None:
        workers = available_cores()
    workers = max(1, min(workers, len(jobs) // _WORTH_A_PROCESS))
    with atomic_folder(folder) as temporary:
        images = np.lib.format.open_memmap(
            temporary / "images.npy", "w+", np.uint8, (len(jobs), height, width, 3)
        )
        images.flush()
        del images
        spec = {**request, "folder": str(temporary), "workers": workers}
        with tqdm(total=len(jobs), unit="scene", desc="plates", disable=None) as bar:
            for done in _in_process(spec) if workers == 1 else _in_processes(spec):
                bar.update(done)
        _merge_labels(temporary, workers)
        manifest = {
            "request": request,
            "sha256": {name: sha256_of(temporary / name) for name in _FILES},
            "drawn_with": {
                "numpy": np.__version__,
                "opencv": cv2.__version__,
                "lpr-gfpgan": version("lpr-gfpgan"),
                "machine": platform.machine(),
            },
        }
        write_json(temporary / "manifest.json", manifest)
    return folder


@functools.cache
def recipe_hash() -> str:
    """Return a SHA-256 over the modules and the atlas that decide what a scene looks like."""
    here = Path(__file__).parent
    names = ("alphabet.py", "atlas.npz", "dataset.py", "drawing.py", "geometry.py", "scenes.py")
    names += ("splits.py", "surroundings.py")
    joined = "".join(sha256_of(here / name) for name in names)
    return hashlib.sha256(joined.encode()).hexdigest()


def available_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _answers(folder: Path, request: dict[str, Any]) -> bool:
    """Tell whether the folder holds an undamaged set for this request."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest["request"] == request and all(
            manifest["sha256"][name] == sha256_of(folder / name) for name in _FILES
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _draw_share(spec: dict[str, Any], worker: int) -> Iterator[int]:
    """Draw every `workers`-th chunk of the set; yield the number of scenes after each chunk."""
    folder = Path(spec["folder"])
    images = np.lib.format.open_memmap(folder / "images.npy", "r+")
    jobs = [(split, i) for split, count in spec["counts"].items() for i in range(count)]
    rows = []
    for start in range(worker * _CHUNK, len(jobs), spec["workers"] * _CHUNK):
        chunk = jobs[start : start + _CHUNK]
        for place, (split, index) in enumerate(chunk, start):
            scene = scene_of(
                split,
                index,
                seed=spec["seed"],
                height=spec["height"],
                width=spec["width"],
                styles=spec["styles"],
                standard=spec["standard"],
            )
            images[place] = scene.image
            rows.append({"place": place, "split": split, "index": index, **_label(scene)})
        yield len(chunk)
    images.flush()
    pd.DataFrame(rows).to_csv(folder / f"labels-{worker}.csv", index=False)


def _label(scene: Scene) -> dict[str, Any]:
    def numbers(array: np.ndarray) -> str:
        return json.dumps(np.round(array.astype(np.float64), 3).tolist(), separators=(",", ":"))

    return {
        "text": scene.text,
        "style": scene.style,
        "typeface": scene.typeface,
        "surroundings": scene.surroundings,
        "seen_typeface": scene.typeface in (*drawing.TRAIN_TYPEFACES, drawing.STANDARD_TYPEFACE),
        "seen_surroundings": scene.surroundings in surroundings.TRAIN_SURROUNDINGS,
        "tight": scene.tight,
        "quad": numbers(scene.quad),
        "box": numbers(scene.box),
        "character_boxes": numbers(scene.character_boxes),
    }


def _in_process(spec: dict[str, Any]) -> Iterator[int]:
    yield from _draw_share(spec, 0)


def _in_processes(spec: dict[str, Any]) -> Iterator[int]:
    """Draw in fresh interpreters, which report each chunk on a line of their output.

    Plain sub-processes, not multiprocessing: that would run the caller's main script again in every
    worker, which scripts without a guard do not survive.
    """
    code = "from lpr_gfpgan.plates.dataset import _worker_main; _worker_main()"
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(spec), str(worker)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
        )
        for worker in range(spec["workers"])
    ]
    try:
        yield from _lines(processes)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()


def _lines(processes: Sequence[subprocess.Popen]) -> Iterator[int]:
    """Yield the counts all processes report, in the order they come; raise if one failed."""
    reports: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    complaints = [""] * len(processes)

    def listen(process: subprocess.Popen) -> None:
        for line in process.stdout:
            reports.put(int(line))
        reports.put(None)

    def overhear(number: int, process: subprocess.Popen) -> None:
        complaints[number] = process.stderr.read()

    threads = [threading.Thread(target=listen, args=(p,), daemon=True) for p in processes]
    threads += [
        threading.Thread(target=overhear, args=item, daemon=True) for item in enumerate(processes)
    ]
    for thread in threads:
        thread.start()
    running = len(processes)
    while running:
        report = reports.get()
        if report is None:
            running -= 1
        else:
            yield report
    for thread in threads:
        thread.join()
    for process, complaint in zip(processes, complaints, strict=True):
        if process.wait():
            last = (complaint.strip().splitlines() or ["no message"])[-1]
            raise DataError(f"a drawing process failed ({last}); try workers=1")


def _worker_main() -> None:
    """Entry of a drawing process: the request and the worker's number are its arguments."""
    cv2.setNumThreads(1)
    spec, worker = json.loads(sys.argv[1]), int(sys.argv[2])
    for done in _draw_share(spec, worker):
        print(done, flush=True)


def _merge_labels(folder: Path, workers: int) -> None:
    """Join the processes' tables into labels.csv, in the order of the images."""
    parts = [folder / f"labels-{worker}.csv" for worker in range(workers)]
    table = pd.concat([_read_table(part) for part in parts]).sort_values("place")
    table.to_csv(folder / "labels.csv", index=False, lineterminator="\n")
    for part in parts:
        part.unlink()


def _read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"text": str, "split": str}, keep_default_na=False)


class PlateSet:
    """One split of a synthetic data set, its images memory-mapped.

    Attributes:
        folder: where the set lies.
        split: the split's name.
        table: one row per scene: index, text, style, typeface, surroundings, seen_typeface,
            seen_surroundings, tight, quad, box, character_boxes (the last three as JSON).
        images: uint8 [N, H, W, 3], read-only.
        quads, boxes, character_boxes: float32 [N, 4, 2], [N, 4], [N, 8, 4].
        labels, lengths: int64 [N, 8], [N].
        manifest: contents of manifest.json.
    """

    def __init__(self, folder: str | Path, split: str, *, verify: bool = False) -> None:
        """Open a split.

        Args:
            folder: a folder written by `prepare`.
            split: one of its splits.
            verify: compare the files' SHA-256 with the manifest.

        Raises:
            DataError: the set or the split is missing, incomplete or damaged.
        """
        self.folder, self.split = Path(folder), split
        try:
            self.manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
            hashes, counts = self.manifest["sha256"], self.manifest["request"]["counts"]
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"no data set in {self.folder}; draw it with prepare()") from None
        if verify:
            for name in _FILES:
                if sha256_of(self.folder / name) != hashes.get(name):
                    raise DataError(
                        f"{self.folder / name} does not match its manifest; draw the set again"
                    )
        if split not in counts:
            raise DataError(f"{self.folder} has no split {split!r}, only {', '.join(counts)}")
        damaged = DataError(f"{self.folder} is incomplete or damaged; draw it again")
        try:
            images = np.load(self.folder / "images.npy", mmap_mode="r")
            table = _read_table(self.folder / "labels.csv")
        except (OSError, EOFError, ValueError):
            raise damaged from None
        if not len(table) == len(images) == sum(counts.values()):
            raise DataError(
                f"{self.folder} has {len(images)} images and {len(table)} labels for "
                f"{sum(counts.values())} scenes; draw it again"
            )
        try:
            table = table[table["split"] == split]
            first = int(table["place"].iloc[0]) if len(table) else 0
            self.images = images[first : first + len(table)]  # a split is contiguous
            self.table = table.drop(columns="place").reset_index(drop=True)
            self.quads = self._numbers("quad", (4, 2))
            self.boxes = self._numbers("box", (4,))
            self.character_boxes = self._numbers("character_boxes", (8, 4))
            texts = self.table["text"].tolist()
        except (ValueError, KeyError, TypeError):
            raise damaged from None
        self.labels, self.lengths = label_arrays(texts)

    def _numbers(self, column: str, shape: tuple[int, ...]) -> np.ndarray:
        values = json.loads("[" + ",".join(self.table[column]) + "]")
        return np.array(values, np.float32).reshape(len(self.table), *shape)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"PlateSet({str(self.folder)!r}, {self.split!r}): {len(self)} scenes"

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the frames."""
        return self.images.shape[1], self.images.shape[2]

    def batch(
        self, indices: Iterable[int] | torch.Tensor, device: torch.device | str = "cpu"
    ) -> PlateBatch:
        """Return scenes as tensors.

        Args:
            indices: numbers of scenes in this split, in any order, repeats allowed.
            device: where the tensors go; the images travel as bytes.
        """
        import torch

        rows = np.asarray(
            indices.cpu() if isinstance(indices, torch.Tensor) else list(indices), np.int64
        )

        def tensor(array: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(array[rows]).to(device)

        return PlateBatch(
            image=image_tensor(self.images[rows], device),
            quad=tensor(self.quads),
            box=tensor(self.boxes),
            character_boxes=tensor(self.character_boxes),
            labels=tensor(self.labels),
            lengths=tensor(self.lengths),
            tight=tensor(self.table.tight.to_numpy(bool)),
            index=torch.from_numpy(rows).to(device),
        )

"""Textures: surfaces without an object, each a function of a generator and a size.

Each returns uint8 RGB [rows, columns, 3]; lengths are parts of the number of columns.
"""

import cv2
import numpy as np


def ramp(rng: np.random.Generator, amount: np.ndarray) -> np.ndarray:
    """Colours a field by a random ramp of three colours.

    Args:
        rng: draws the colours.
        amount: [rows, columns], clipped to [0, 1].

    Returns:
        uint8 [rows, columns, 3].
    """
    grey = rng.uniform(0, 255, (3, 1))
    colours = np.clip(grey + rng.normal(0, rng.choice([8, 60]), (3, 3)), 0, 255)
    place = np.clip(amount, 0, 1)
    planes = [np.interp(place, [0, 0.5, 1], colours[:, channel]) for channel in range(3)]
    return np.stack(planes, -1).astype(np.uint8)


def smooth_field(rng: np.random.Generator, rows: int, columns: int, cells: float) -> np.ndarray:
    """Smooth noise of about unit variance, float32 [rows, columns].

    Args:
        rng: draws the noise.
        rows: of the field.
        columns: of the field.
        cells: bumps across the columns; the rows hold as many as their length does.
    """
    across = max(2, round(cells))
    down = max(2, round(cells * rows / columns))
    small = rng.normal(size=(down, across)).astype(np.float32)
    return cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)


def _places(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates x, y [rows, columns] in parts of the number of columns."""
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    return x / columns, y / columns


def clouds(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Noise of several octaves: plaster, rust, sky, leaves out of focus."""
    roughness = rng.uniform(0.3, 1.0)
    cells = rng.uniform(2, 6)
    field = sum(
        roughness**octave * smooth_field(rng, rows, columns, cells * 2**octave)
        for octave in range(5)
    )
    return ramp(rng, 0.5 + rng.uniform(0.1, 0.35) * field)


def waves(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Stripes at any angle, straight or bent, sharp or soft: corrugated sheet, shutters, cloth."""
    x, y = _places(rows, columns)
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    along = along + rng.uniform(0, 0.04) * smooth_field(rng, rows, columns, 4)
    wave = np.sin(2 * np.pi * rng.uniform(3, 30) * along) * rng.choice([0.4, 1.0, 5.0])
    return ramp(rng, 0.5 + 0.5 * np.tanh(wave) + 0.05 * rng.normal(size=(rows, columns)))


def wood(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Long grain, with the joints of boards."""
    y = _places(rows, columns)[1]
    stretched = smooth_field(rng, rows, columns, 3) * rng.uniform(0.02, 0.08)
    grain = np.sin(2 * np.pi * rng.uniform(10, 40) * (y + stretched)) * 0.25
    image = ramp(rng, 0.5 + grain + 0.1 * smooth_field(rng, rows, columns, 60))
    joint = rng.uniform(0.08, 0.3)
    image[(np.mod(y + rng.uniform(0, 1), joint) < 0.008)] //= 3
    return image


def tiles(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Tiles, a checkerboard, a mesh or a weave."""
    x, y = _places(rows, columns)
    angle = rng.choice([0.0, rng.uniform(0, np.pi / 2)])
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    period = rng.uniform(0.03, 0.2)
    u, v = u / period, v / (period * rng.uniform(0.5, 1.5))
    if rng.random() < 0.5:
        amount = 0.8 * np.mod(np.floor(u) + np.floor(v), 2) + 0.1
    else:
        gap = rng.uniform(0.05, 0.3)
        amount = 0.2 + 0.6 * ((np.mod(u, 1) > gap) & (np.mod(v, 1) > gap))
    return ramp(rng, amount + rng.uniform(0, 0.1) * smooth_field(rng, rows, columns, 80))


def gravel(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Blobs of any size on a ground: gravel, leaves, foam, a crowd."""
    image = clouds(rng, rows, columns)
    for _ in range(int(rng.uniform(30, 300))):
        centre = tuple(int(v) for v in rng.uniform(0, 1, 2) * [columns, rows])
        axes = tuple(int(v) + 1 for v in rng.uniform(0.005, 0.06, 2) * columns)
        grey = rng.uniform(0, 255)
        colour = tuple(int(v) for v in np.clip(grey + rng.normal(0, 25, 3), 0, 255))
        cv2.ellipse(image, centre, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
    return image


def plain(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """One colour, shaded, with a little grain: a wall, a sheet of paper, painted metal."""
    field = 0.5 + rng.uniform(0, 0.15) * smooth_field(rng, rows, columns, 3)
    return ramp(rng, field + rng.uniform(0, 0.04) * rng.normal(size=(rows, columns)))

"""The three networks in HyperLPR 0.0.2's package, run by OpenCV; none of its Python is executed.

The package (Jack Yu, MIT by its classifier) carries Caffe models: a detector of plates in
photographs, a network that places four corners, and a recogniser. Only these files are used. What
each network expects is a fact about its weights and stands beside it; colours are given as RGB.
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, WeightsError
from ..files import sha256_of

PACKAGE = "hyperlpr"
VERSION = "0.0.2"
MEND = f"install the model files with: pip install {PACKAGE}=={VERSION}"

CHARACTERS = (
    "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ港学使警澳挂军北南广沈兰成济海民航空"
)
"""The recogniser's classes in order; its CTC blank comes after them."""

BLANK = len(CHARACTERS)
PLATE_SIZE = (40, 160)
CORNER_SIZE = (48, 120)
PHOTO_SIZE = (512, 512)

_FOLDER = f"{PACKAGE}/models/dnn"
_SHA256 = {
    "SegmenationFree-Inception.prototxt": (
        "b2e7d17cb0acdbf6a1f3c0e8ea5495b0a609dbc91620560339274501d8bf517d"
    ),
    "SegmenationFree-Inception.caffemodel": (
        "6045bf9c193ce0e3db0d7da7a6069f74e5d2db203e028980eaf3d60c84f67b23"
    ),
    "refinenet.prototxt": "79166de876115dda284ed2dd1bda0bf2a1045f0ca9a04026f77d2027cdfacaa9",
    "refinenet.caffemodel": "763a3d24ed37f5ed19d7a4548077b853cc80cc8579804231cf825c3a50513242",
    "mininet_ssd_v1.prototxt": "b3f9c6a99f2ed0fec6a9ed9bc851aa4362fc5b393f12ae0f6fc294c59e491fc8",
    "mininet_ssd_v1.caffemodel": "2bc2b55c1c06f00859400f677e918e85c5a6b1ae2454cc36009fdd8a954baa34",
}

# The recogniser's first two steps see the left border and mostly report characters that are not
# there: with them it reads 80 % of the crops of ccpd94 right, without 83 %.
_BORDER_STEPS = 2

# Of ImageNet's pixels, RGB, in parts of 255: the detector was trained on what these normalise.
_PHOTO_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_PHOTO_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class HyperLPRModels:
    """The networks of one installed package.

    They run on the CPU, one picture at a time, so a result depends on its own picture only; OpenCV
    computes a batch no faster. Not to be shared between threads.

    Args:
        folder: holds the model files.

    Raises:
        WeightsError: a file is missing or not the one of HyperLPR 0.0.2.
    """

    def __init__(self, folder: Path | str) -> None:
        folder = Path(folder)
        for name, expected in _SHA256.items():
            try:
                found = sha256_of(folder / name)
            except DataError:
                raise WeightsError(f"no HyperLPR model {folder / name}; {MEND}") from None
            if found != expected:
                raise WeightsError(f"{folder / name} is not HyperLPR {VERSION}'s file; {MEND}")
        self._recogniser = _network(folder, "SegmenationFree-Inception")
        self._refiner = _network(folder, "refinenet")
        self._detector = _network(folder, "mininet_ssd_v1")

    def scores(self, plate: np.ndarray) -> np.ndarray:
        """Class probabilities along a plate.

        The network takes BGR in [0, 1], the plate turned so that its width runs down the rows.

        Args:
            plate: uint8 [40, 160, 3].

        Returns:
            float32 [18, 84], steps from left to right; rows sum to 1, the last class is the blank.
        """
        turned = plate[:, :, ::-1].transpose(2, 1, 0)
        self._recogniser.setInput(np.ascontiguousarray(turned, np.float32)[None] / 255.0)
        return self._recogniser.forward()[0, :, _BORDER_STEPS:, 0].T.copy()

    def corners(self, view: np.ndarray) -> np.ndarray:
        """Where the corners of a plate seem to lie in a picture of it and its surroundings.

        The network takes BGR in [-1, 1].

        Args:
            view: uint8 [48, 120, 3].

        Returns:
            float64 [4, 2], (tl, tr, br, bl) as parts of the picture's width and height.
        """
        planes = (view[:, :, ::-1].astype(np.float32) - 127.5) / 128.0
        self._refiner.setInput(np.ascontiguousarray(planes.transpose(2, 0, 1))[None])
        return self._refiner.forward("conv6-3").reshape(4, 2).astype(np.float64)

    def boxes(self, photo: np.ndarray) -> np.ndarray:
        """Candidate plates in a photograph (single-shot detector, Liu et al. 2016).

        The network takes RGB normalised as for ImageNet.

        Args:
            photo: uint8 [512, 512, 3].

        Returns:
            float64 [N, 5], best first: score in [0, 1]; x0, y0, x1, y1 as parts of width and
            height, possibly beyond the photograph.
        """
        planes = (photo.astype(np.float32) / 255.0 - _PHOTO_MEAN) / _PHOTO_DEVIATION
        self._detector.setInput(np.ascontiguousarray(planes.transpose(2, 0, 1))[None])
        found = self._detector.forward().reshape(-1, 7)[:, 2:].astype(np.float64)
        return found[np.argsort(-found[:, 0], kind="stable")]


def model_folder() -> Path:
    """Where the installed package keeps its models; it is looked up, not imported.

    Raises:
        WeightsError: the package is not installed, or another version is.
    """
    try:
        found: Distribution = distribution(PACKAGE)
    except PackageNotFoundError:
        raise WeightsError(f"{PACKAGE} {VERSION} is not installed; {MEND}") from None
    if found.version != VERSION:
        raise WeightsError(f"{PACKAGE} is installed as {found.version}, not {VERSION}; {MEND}")
    return Path(str(found.locate_file(_FOLDER)))


def _network(folder: Path, name: str) -> cv2.dnn.Net:
    network = cv2.dnn.readNetFromCaffe(
        str(folder / f"{name}.prototxt"), str(folder / f"{name}.caffemodel")
    )
    network.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)  # whatever else OpenCV was built with
    network.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
    return network

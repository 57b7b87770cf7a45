"""The trained networks as ONNX, for runtimes other than torch.

`export(folder)` writes `restorer.onnx`, one `reader-*.onnx` for each reader beside the restorer's
weights, and `manifest.json`, which says what goes in, what comes out and how far the results lie
from torch's. Batches may have any size. Reading needs onnxruntime and numpy alone:

    import json, numpy, onnxruntime
    manifest = json.load(open("manifest.json", encoding="utf-8"))
    about = manifest["networks"]["reader-direct"]
    session = onnxruntime.InferenceSession(about["file"])
    crops = numpy.zeros((1, 3, *about["input"]["shape"][2:]), numpy.float32)  # your crops here
    (scores,) = session.run(None, {"crop": crops})
    texts = []
    for steps in scores.argmax(2).tolist():
        runs = zip(steps, [None, *steps])
        kept = [new for new, old in runs if new != old and new != about["blank"]]
        texts.append("".join(about["alphabet"][index - 1] for index in kept))

A restoration shows what is likely, which need not be what was there: it is no evidence.
"""

from .graph import log_probabilities, restored, to_onnx
from .parity import BATCHES, degraded_plates, largest_difference, open_session
from .write import ExportedNetwork, ExportReport, export

__all__ = [
    "BATCHES",
    "ExportReport",
    "ExportedNetwork",
    "degraded_plates",
    "export",
    "largest_difference",
    "log_probabilities",
    "open_session",
    "restored",
    "to_onnx",
]

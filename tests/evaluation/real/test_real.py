"""The test on photographed plates: methods, readers, conditions, and what sets thresholds."""

import dataclasses

import numpy as np

from lpr_gfpgan.evaluation import real, real_plates, real_tables
from lpr_gfpgan.evaluation.classical import CLASSICAL, TRUE_KERNEL
from lpr_gfpgan.evaluation.failures import UNREAD
from lpr_gfpgan.evaluation.judges import HYPERLPR
from lpr_gfpgan.evaluation.run import VALIDATION

from ...needs import HYPERLPR_INSTALLED, needs_photographs


def test_rows(evaluation, plates, study):
    rows = evaluation.rows
    conditions = [real_tables.UNTOUCHED, *study.settings.evaluation.conditions]
    fixed = [name for name in CLASSICAL if name not in TRUE_KERNEL]
    learned = [*study.baselines, "full", "face_recipe"]
    methods = ["original", "degraded", "bicubic", *fixed, *learned]
    readers = {"judge", "direct"} | ({HYPERLPR} if HYPERLPR_INSTALLED else set())
    assert len(rows) == 12 * len(conditions) * len(methods) * len(readers)
    assert set(rows["method"]) == set(methods) and set(rows["reader"]) == readers
    expected = plates.plates.table["source"].to_numpy()[rows["plate"]]
    assert (rows["source"] == expected).all()


def test_untouched_is_the_photograph_itself(evaluation):
    rows = evaluation.rows[evaluation.rows["condition"] == real_tables.UNTOUCHED]
    same = rows[rows["method"].isin(["original", "degraded", "bicubic"])]
    assert np.isinf(same["psnr_frame"]).all()
    restored = rows[rows["method"] == "full"]
    assert np.isfinite(restored["psnr_frame"]).all()


def test_thresholds_are_set_on_plates_that_are_not_scored(evaluation, plates, study):
    clean = evaluation.clean
    own = clean[clean["reader"] != HYPERLPR]
    assert set(own["reader"]) == {"judge", "direct"} and set(own["condition"]) == {VALIDATION}
    assert len(own) == 2 * study.settings.plates.validation
    assert not clean["text"].isin(plates.plates.table["text"]).any()
    theirs = clean[clean["reader"] == HYPERLPR]
    expected = list(plates.reference.table["text"]) if HYPERLPR_INSTALLED else []
    assert list(theirs["text"]) == expected
    assert set(theirs["condition"]) == ({real.REFERENCE} if HYPERLPR_INSTALLED else set())
    assert np.isinf(theirs["psnr_frame"]).all()


class Known:
    """Stands for HyperLPR, also where its package is missing: reads nothing."""

    name = HYPERLPR

    def read(self, images, quads):
        return [UNREAD] * len(images)


def test_a_reader_of_photographs_refines_corners_and_sees_reference_plates(
    plates, study, monkeypatch
):
    asked = []
    monkeypatch.setattr(real, "compared_methods", lambda study, device: real.baselines())
    monkeypatch.setattr(real, "open_hyperlpr", lambda **how: asked.append(how) or [Known()])
    found = real.evaluate_real(study, plates, device="cpu")
    assert asked == [{"refine": True}]  # a photograph's corners are not exact
    theirs = found.clean[found.clean["reader"] == HYPERLPR]
    assert list(theirs["text"]) == list(plates.reference.table["text"])
    assert set(theirs["condition"]) == {real.REFERENCE}
    assert len(found.rows[found.rows["reader"] == HYPERLPR]) == 12 * len(found.sets) * 3


def test_without_reference_plates_only_drawn_ones_set_thresholds(plates, study, monkeypatch):
    monkeypatch.setattr(real, "compared_methods", lambda study, device: real.baselines())
    alone = dataclasses.replace(plates, reference=None)
    clean = real.evaluate_real(study, alone, device="cpu").clean
    assert set(clean["reader"]) == {"judge", "direct"}


@needs_photographs
def test_real_photographs_are_scored(study):
    few = dataclasses.replace(real_plates.load_settings(), plates_per_source=3)
    plates = real_plates.load_real(real_plates.real_folder(), study, few)
    assert plates.left_out > 0 and len(plates.plates) <= 3 * len(plates.sources)
    rows = real.evaluate_real(study, plates, device="cpu").rows
    assert set(rows["source"]) == set(plates.sources)
    assert (rows["cer"] >= 0).all()

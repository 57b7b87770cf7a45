"""The released weights on photographs: conditions, plates, and what is written where."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from lpr_gfpgan.errors import ConfigError, DataError
from lpr_gfpgan.evaluation import real_acceptance, released_real, released_sheet
from lpr_gfpgan.evaluation.measures import READING_MEASURES
from lpr_gfpgan.evaluation.protocol import draw_parameters, study_conditions
from lpr_gfpgan.evaluation.real import real_conditions
from lpr_gfpgan.evaluation.real_plates import labels_hash
from lpr_gfpgan.evaluation.real_report import private_folder, report_path
from lpr_gfpgan.evaluation.released_real_report import (
    LEVELS,
    make_released_real_tables,
    write_released_real,
)
from lpr_gfpgan.plates import split_of
from lpr_gfpgan.training.stage import plate_width

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn(real_study, real_plates):
    """What each condition draws for 2000 plates of one frame: parameters by name."""
    index = np.zeros(2000, dtype=int)
    many = real_plates.plates.select(index)
    numbered = dataclasses.replace(many.batch, index=many.batch.index.new_tensor(list(range(2000))))
    many = dataclasses.replace(many, batch=numbered)
    width = float(plate_width(many.batch.quad)[0])
    found = {c.name: draw_parameters(many, c) for c in study_conditions(real_study)}
    return found, width, many.batch.image.shape[-1]


def test_conditions_are_those_asked_for(real_study):
    names = [condition.name for condition in real_conditions(real_study)]
    assert names == ["untouched", "width 40", "width 32", "motion", "defocus", "mixed"]
    assert released_real.low_resolution(real_study) == ["width 40", "width 32"]


@pytest.mark.parametrize("plate", [40, 32])
def test_low_resolution_is_a_plate_of_so_many_pixels_and_nothing_else(drawn, plate):
    found, width, frame = drawn
    own = found[f"width {plate}"]
    small = own.small_width.double() * width / frame
    # A grid has whole pixels, a plate on it is as wide to half of one.
    assert (small - plate).abs().max() <= 0.5
    for name in ("motion_length", "sigma_major", "disk_radius", "noise_sigma", "jpeg_quality"):
        assert (getattr(own, name) == 0).all()


def test_motion_is_six_to_ten_per_cent_at_any_angle(drawn):
    found, width, frame = drawn
    own = found["motion"]
    share = own.motion_length / width
    assert 0.06 - 1e-6 <= share.min() < 0.0605 and 0.0995 < share.max() <= 0.1 + 1e-6
    assert own.motion_angle.min() < 1 and own.motion_angle.max() > 179
    assert (own.small_width == frame).all() and (own.sigma_major == 0).all()


def test_defocus_has_a_sigma_of_1_8_to_2_6_per_cent(drawn):
    found, width, frame = drawn
    own = found["defocus"]
    share = own.sigma_major / width
    assert 0.018 - 1e-6 <= share.min() < 0.0181 and 0.0259 < share.max() <= 0.026 + 1e-6
    assert (own.sigma_major == own.sigma_minor).all() and (own.motion_length == 0).all()
    assert (own.small_width == frame).all()


def test_mixed_is_a_mixture_of_the_three(drawn):
    found, width, frame = drawn
    own = found["mixed"]
    moved, soft, small = own.motion_length > 0, own.sigma_major > 0, own.small_width < frame
    for factor in (moved, soft, small):
        assert 0.45 < factor.double().mean() < 0.55
    assert 0.09 < (moved & soft & small).double().mean() < 0.16
    plates = own.small_width[small].double() * width / frame
    assert plates.min() >= 31.5 and plates.max() <= 40.5


def test_no_training_text_is_scored(real_plates, real_evaluation):
    assert real_plates.listed == 14 and real_plates.left_out == 4
    scored = set(real_evaluation.rows["text"])
    assert len(scored) == len(real_plates.plates) == 10
    assert set(map(split_of, scored)) == {"test", "validation"}
    assert not scored & set(real_plates.reference.table["text"])
    assert not scored & set(real_evaluation.clean["text"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["motion"].pop("order"), "'order' is missing"),
        (lambda c: c["motion"].update(speed=1), "unknown key 'speed'"),
        (lambda c: c["motion"].update(motion_length=[0.2, 0.1]), "motion.motion_length"),
        (lambda c: c.update(untouched=c["motion"]), "other than 'untouched'"),
        (lambda c: c.update(motion=3), "expected a block"),
        (lambda c: c.clear(), "expected 'conditions' alone"),
    ],
)
def test_wrong_conditions_are_refused(tmp_path, change, message):
    content = yaml.safe_load((ROOT / "real" / "released.yaml").read_text("utf-8"))
    change(content["conditions"])
    path = tmp_path / "released.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        released_real.load_conditions(path)


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        released_real.load_conditions(tmp_path / "none.yaml")


def test_files(real_study, real_plates, real_evaluation, folder):
    acceptance = real_acceptance.acceptance_rows(
        real_study, real_plates, real_evaluation.sets, device="cpu"
    )
    tables = make_released_real_tables(real_evaluation, acceptance, real_study)
    timing = {"alone": 0.5}
    labels = labels_hash(folder)
    figures = write_released_real(
        real_evaluation,
        acceptance,
        tables,
        real_plates,
        timing,
        real_study,
        labels_sha256=labels,
    )
    text = report_path(real_study).read_text("utf-8")
    assert json.loads(text) == figures and figures["seconds_per_plate"] == timing
    assert figures["plates"]["scored"] == 10 and figures["plates"]["sources"] == {
        "far": 5,
        "near": 5,
    }
    assert figures["conditions"]["motion"]["motion_length"] == [0.06, 0.1]
    assert set(LEVELS) <= set(figures)
    assert set(figures["accuracy_by_direct"]["all"]["motion"]) >= {"degraded", "bicubic", "full"}
    assert set(figures["harm"]["near"]) == {"width 40", "width 32"}
    assert set(figures["harm_changes"]["all"]["width 32"]["direct"]) == {"gained", "lost"}
    assert set(figures["gain"]["all"]["motion"]["judge"]) == set(READING_MEASURES)
    # Aggregates only: neither a text nor the name of a picture.
    for row in real_plates.plates.table["text"]:
        assert row not in text
    assert report_path(real_study).parent.name == "released"
    assert (private_folder(real_study) / "rows.csv.gz").is_file()


def test_the_sheet_shows_plates_of_each_source(
    real_study, real_plates, real_evaluation, monkeypatch
):
    monkeypatch.setattr(released_sheet, "PLATES", 3)
    monkeypatch.setattr(released_sheet, "A_PAGE", 2)
    options = {"condition": "mixed", "device": "cpu"}
    pages = released_sheet.draw_sheets(real_evaluation, real_plates, real_study, **options)
    assert [page.name for page in pages] == ["sheet-mixed-1.png", "sheet-mixed-2.png"]
    assert all(page.parent == private_folder(real_study) for page in pages)
    assert all(page.stat().st_size > 1000 for page in pages)
    with pytest.raises(DataError, match="no condition 'fog'"):
        released_sheet.draw_sheets(real_evaluation, real_plates, real_study, condition="fog")

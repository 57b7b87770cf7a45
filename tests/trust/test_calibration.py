import dataclasses
import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.plates import canonical_quad, image_tensor
from lpr_gfpgan.trust import Auroc, Calibration
from lpr_gfpgan.trust.calibration import FORMAT
from lpr_gfpgan.trust.confidence import CharacterModel
from lpr_gfpgan.trust.likeness import SCORES, fit_likeness
from lpr_gfpgan.trust.placing import WAYS


def model(offset):
    return CharacterModel(
        offset=offset,
        slope=0.8,
        clear=1.0,
        usual=-0.4,
        softest=-1.0,
        sharpest=0.0,
        rise=0.4,
        fall=1.0,
    )


USUAL = {"sharp": -0.4, "way": "corners"}


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(0)
    plates, others = (rng.normal(m, 1, (60, SCORES + 16)) for m in (0.3, -0.3))
    return Calibration(
        profile="smoke",
        restorer_sha256="a" * 64,
        reader_sha256="b" * 64,
        n={"plates_chosen": 60},
        likeness={
            "corners": fit_likeness(plates, others),
            "tight": fit_likeness(plates, others + 0.1),
            "found": fit_likeness(plates, others - 0.1),
        },
        likeness_threshold={"corners": 0.25, "tight": -0.5, "found": 0.0},
        characters={"corners": model(-0.5), "tight": model(-1.0), "found": model(-0.7)},
        text_power={"corners": 0.5, "tight": 2.0, "found": 1.0},
        samples=6,
        agreement_auroc={
            "corners": Auroc(estimate=0.71, low=0.6, high=0.8, n=60),
            "tight": Auroc(estimate=0.69, low=0.6, high=0.8, n=60),
            "found": None,
        },
    )


def changed(calibration, path, **values):
    content = {"format": FORMAT} | dataclasses.asdict(calibration) | values
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_it_comes_back_as_it_was_written(calibration, tmp_path):
    calibration.save(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json") == calibration
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.json"]


def test_the_threshold_itself_is_accepted(calibration):
    assert calibration.accepts(0.25, "corners") and calibration.accepts(3.0, "corners")
    assert not calibration.accepts(0.2499, "corners")
    assert [calibration.accepts(-0.1, way) for way in WAYS] == [False, True, False]


def test_a_disagreement_lowers_the_confidence(calibration):
    otherwise, unread, alike = (
        calibration.confidence(0.9, agrees, **USUAL) for agrees in (False, None, True)
    )
    assert otherwise < unread < alike
    assert calibration.confidence(0.2, None, **USUAL) < unread
    assert calibration.confidence(0.5, None, **USUAL) == pytest.approx(1 / (1 + np.exp(0.5)))
    with pytest.raises(DataError, match=r"got 1\.5"):
        calibration.confidence(1.5, None, **USUAL)


def test_a_blurred_plate_and_one_that_was_cut_out_are_trusted_less(calibration):
    usual = calibration.confidence(0.9, None, **USUAL)
    assert calibration.confidence(0.9, None, sharp=-0.8, way="corners") < usual
    tight, found = (
        calibration.confidence(0.9, None, sharp=-0.4, way=way) for way in ("tight", "found")
    )
    assert tight < found < usual


def test_a_whole_text_has_the_power_of_its_way(calibration):
    assert calibration.text_confidence(0.49, "corners") == pytest.approx(0.7)
    assert calibration.text_confidence(0.3, "tight") == pytest.approx(0.09)
    assert calibration.text_confidence(0.0, "tight") == 0
    assert calibration.text_confidence(0.3, "found") == pytest.approx(0.3)


@pytest.mark.parametrize(("auroc", "shown"), [(0.7, True), (0.6999, False), (None, False)])
def test_agreement_is_shown_from_the_least_auroc_on(calibration, auroc, shown):
    curve = auroc and Auroc(estimate=auroc, low=0.5, high=0.9, n=9)
    for way in WAYS:
        curves = dict.fromkeys(WAYS) | {way: curve}
        made = dataclasses.replace(calibration, agreement_auroc=curves)
        assert {each: made.shows_agreement(each) for each in WAYS} == {
            each: shown and each == way for each in WAYS
        }


def test_a_reading_hangs_on_the_restoration_where_its_shifts_are_not_0(calibration):
    still = dataclasses.replace(model(0.0), rise=0.0, fall=0.0)
    for shift in ({"rise": 0.1}, {"fall": 0.1}):
        models = {"corners": dataclasses.replace(still, **shift), "tight": still, "found": still}
        made = dataclasses.replace(calibration, characters=models)
        assert [made.heeds_restoration(way) for way in models] == [True, False, False]


def test_likeness_comes_from_the_reader(calibration, reader):
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 64, 3), np.uint8)
    values = {way: calibration.plate_likeness(reader, frames, way) for way in WAYS}
    assert all(each.shape == (3,) for each in values.values())
    assert len({value for each in values.values() for value in each}) == 9


def test_one_look_gives_the_likeness_and_the_scores(calibration, reader):
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 64, 3), np.uint8)
    image = image_tensor(frames)
    quad = torch.from_numpy(canonical_quad(32, 64)).float().expand(3, 4, 2)
    likeness, logits = calibration.look(reader, image, quad, WAYS)
    expected = [calibration.plate_likeness(reader, frames, way)[n] for n, way in enumerate(WAYS)]
    np.testing.assert_allclose(likeness, expected)
    with torch.no_grad():
        torch.testing.assert_close(logits, reader.logits(image, quad))


def test_other_weights_are_refused_by_name(calibration):
    calibration.check("a" * 64, "b" * 64)
    with pytest.raises(DataError, match="another restorer"):
        calibration.check("c" * 64, "b" * 64)
    with pytest.raises(DataError, match="another direct reader"):
        calibration.check("a" * 64, "c" * 64)


def test_a_missing_file_names_what_makes_it(tmp_path):
    with pytest.raises(DataError, match=r"no calibration in .*; make it with `make reproduce`"):
        Calibration.load(tmp_path / "calibration.json")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"likeness_threshold": dict.fromkeys(WAYS, "high")},
            "likeness_threshold.corners: expected",
        ),
        ({"likeness_threshold": {"corners": 0.5}}, "by corners, tight, found"),
        (
            {"likeness_threshold": dict.fromkeys(WAYS, float("nan"))},
            "likeness_threshold.corners: nan",
        ),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"samples": 2.5}, "samples: expected int"),
        ({"reader_sha256": "b"}, "SHA-256"),
        ({"characters": {"corners": asdict(model(0.0))}}, "by corners, tight, found"),
        ({"text_power": {"corners": 1.0}}, "by corners, tight, found"),
        ({"text_power": dict.fromkeys(WAYS, 0.0)}, "text_power outside 0.1 to 10"),
        ({"format": 2}, "format 2, where 3 is needed"),
        (
            {"characters": dict.fromkeys(WAYS, asdict(model(0.0)) | {"clear": -1.0})},
            "slope, clear, rise or fall",
        ),
        (
            {"characters": dict.fromkeys(WAYS, asdict(model(0.0)) | {"usual": 0.5})},
            "usual sharpness",
        ),
        (
            {
                "agreement_auroc": dict.fromkeys(
                    WAYS, asdict(Auroc(estimate=0.8, low=0.9, high=1.0, n=3))
                )
            },
            "agreement_aur",
        ),
    ],
)
def test_bad_content_is_named(calibration, tmp_path, values, reason):
    path = changed(calibration, tmp_path / "calibration.json", **values)
    with pytest.raises(DataError, match=reason) as error:
        Calibration.load(path)
    assert "make it again" in str(error.value) and "params.yaml" not in str(error.value)


def test_the_first_format_which_had_no_number_is_named(calibration, tmp_path):
    path = tmp_path / "calibration.json"
    content = dataclasses.asdict(calibration)
    del content["text_power"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="format 1, where 3 is needed"):
        Calibration.load(path)


def test_tables_that_do_not_fit_and_damage_are_named(calibration, tmp_path):
    path = tmp_path / "calibration.json"
    for way, part in zip(WAYS, ("weights", "trunk_precision", "scale"), strict=True):
        likeness = dataclasses.asdict(calibration)["likeness"]
        likeness[way] |= {part: likeness[way][part][:-1]}
        with pytest.raises(DataError, match="do not fit together"):
            Calibration.load(changed(calibration, path, likeness=likeness))
    path.write_text('{"profile": ')
    with pytest.raises(DataError, match="no JSON"):
        Calibration.load(path)

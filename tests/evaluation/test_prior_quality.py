"""The prior's scenes are measured as plates are, and beside plates cut out likewise."""

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import load_plates, study_conditions, views
from lpr_gfpgan.evaluation import prior_quality as quality
from lpr_gfpgan.evaluation.sets import degraded_set
from lpr_gfpgan.files import write_json
from lpr_gfpgan.metrics import kid
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.plates import canonical_quad, image_tensor
from lpr_gfpgan.readers import Reader, Reading, load_reader
from lpr_gfpgan.training import sample_prior, untrained_prior


@pytest.fixture(scope="module")
def table(smoke_study):
    return quality.prior_quality(smoke_study)


def one(table, method, measure):
    (line,) = table[(table["method"] == method) & (table["measure"] == measure)].to_dict("records")
    return line


def by_hand(study, images, reader="judge"):
    """KID from the validation plates in a reader's features at the canonical place."""
    count = min(study.settings.evaluation.kid_plates, study.settings.plates.validation)
    real = image_tensor(load_plates(study, "validation", count=count).image)
    network = load_reader(study.paths.reader(reader), reader)
    quad = torch.as_tensor(canonical_quad(*study.settings.frame.size), dtype=torch.float32)
    features = [
        network.features(part, quad.expand(len(part), -1, -1)).numpy() for part in (real, images)
    ]
    return kid(*features)


def in_eight_bits(images):
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def test_each_set_is_what_it_is_called(smoke_study, table):
    study = smoke_study
    count = min(study.settings.evaluation.kid_plates, study.settings.plates.validation)
    trained, _ = load_weights(study.paths.prior)
    test = load_plates(study)
    sets = {
        "prior before training": in_eight_bits(
            sample_prior(untrained_prior(study, seed=0).eval(), count, seed=0)
        ),
        "prior": in_eight_bits(sample_prior(trained, count, seed=0)),
        "untouched test plates": image_tensor(test.image),
    }
    for condition in study_conditions(study):
        sets[f"degraded, {condition.name}"] = image_tensor(degraded_set(test, condition).bicubic)
    assert list(dict.fromkeys(table["method"])) == list(sets)
    for name, images in sets.items():
        line = one(table, name, "kid")
        assert line["estimate"] == pytest.approx(by_hand(study, images), abs=1e-5), name
        assert line["low"] <= line["high"] and line["n"] == min(count, len(images))
    other = by_hand(study, sets["prior"], reader="loss")
    assert one(table, "prior", "kid")["estimate"] != pytest.approx(other, abs=1e-3)


def test_readings_are_counted_whether_or_not_they_are_true(smoke_study, monkeypatch):
    def read(self, image, quad):
        texts = ["京A12345" if float(each.mean()) > 0 else "A1" for each in image]
        return [Reading(text, (0.5,) * len(text), 0.5) for text in texts]

    monkeypatch.setattr(Reader, "read", read)
    table = quality.prior_quality(smoke_study)
    plates = image_tensor(load_plates(smoke_study).image)
    bright = np.array([float(each.mean()) > 0 for each in plates])
    assert 0 < bright.sum() < len(bright)
    share = one(table, "untouched test plates", "whole_text")
    assert share["estimate"] == pytest.approx(bright.mean()) and share["n"] == len(bright)


def test_the_metrics_file_gives_the_table_back_and_the_view_shows_it(table, tmp_path):
    path = tmp_path / "prior.json"
    write_json(path, quality.prior_figures(table))
    back = quality.read_prior_table(path)
    assert back[["method", "measure", "n"]].equals(table[["method", "measure", "n"]])
    ends = ["estimate", "low", "high"]
    np.testing.assert_allclose(back[ends], table[ends], atol=1e-5)
    view = views.prior_view(back)
    assert list(view.columns) == ["kid (lower is better)", "whole text"]
    share = one(table, "prior", "whole_text")
    assert view.loc["prior", "whole text"].startswith(f"{100 * share['estimate']:.1f} [")
    assert "reader judge" in view.attrs["caption"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"prior": 3}', '{"prior": {"kid": {"n": 6}}}'])
def test_a_damaged_metrics_file_is_named(text, tmp_path):
    path = tmp_path / "prior.json"
    with pytest.raises(DataError, match=r"no metrics of the prior in .*; run `make reproduce`"):
        quality.read_prior_table(path)
    path.write_text(text)
    with pytest.raises(DataError, match=r"prior\.json is damaged; run `make reproduce` again"):
        quality.read_prior_table(path)

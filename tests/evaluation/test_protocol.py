"""Degraded sets: made once, named by hashes, independent of what else is tested."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.degradations import DegradationParameters, degrade
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import degraded_set, load_plates, study_conditions
from lpr_gfpgan.training.pictures import to_pixels


def with_evaluation(study, **changes):
    evaluation = dataclasses.replace(study.settings.evaluation, **changes)
    return dataclasses.replace(
        study, settings=dataclasses.replace(study.settings, evaluation=evaluation)
    )


def test_conditions_come_from_the_settings(study):
    found = study_conditions(study)
    assert [c.name for c in found] == study.settings.evaluation.conditions
    assert {c.seed for c in found} == {study.settings.evaluation.seed}
    assert len({c.step for c in found}) == len(found)


def test_the_same_set_twice(study, plates):
    condition = study_conditions(study)[0]
    first, again = degraded_set(plates, condition), degraded_set(plates, condition)
    assert first.set_sha256 == again.set_sha256
    assert first.pixels_sha256 == again.pixels_sha256
    assert np.array_equal(first.bicubic, again.bicubic)


def test_a_plate_is_degraded_alike_in_smaller_sets(study, plates):
    condition = study_conditions(study)[-1]
    whole = degraded_set(plates, condition)
    few = degraded_set(load_plates(with_evaluation(study, plates=3)), condition)
    assert len(few.bicubic) == 3
    assert np.array_equal(few.bilinear, whole.bilinear[:3])
    assert np.array_equal(few.bicubic, whole.bicubic[:3])
    pd.testing.assert_frame_equal(few.parameters, whole.parameters[:3])
    assert few.set_sha256 != whole.set_sha256


def test_seed_and_condition_change_the_draws(study, plates):
    light, strong = study_conditions(study)
    other = dataclasses.replace(light, seed=light.seed + 1)
    renamed = dataclasses.replace(light, name="other")
    sets = [degraded_set(plates, c) for c in (light, strong, other, renamed)]
    assert len({s.set_sha256 for s in sets}) == 4
    assert len({s.pixels_sha256 for s in sets}) == 4


def test_stored_parameters_make_the_set_again(study, plates):
    made = degraded_set(plates, study_conditions(study)[-1])
    parameters = DegradationParameters.from_rows(made.parameters.to_dict("records"))
    again = degrade(plates.batch.image, parameters, codec="exact", enlarge="bicubic")
    assert np.array_equal(to_pixels(again), made.bicubic)
    assert list(made.parameters["plate"]) == list(range(len(plates)))


def test_strong_hurts_more_than_light(study, plates):
    errors = [
        np.abs(degraded_set(plates, c).bicubic.astype(int) - plates.image).mean()
        for c in study_conditions(study)
    ]
    assert 0 < errors[0] < errors[-1]


def test_too_few_plates_are_refused(study):
    with pytest.raises(DataError, match="17 plates wanted, the test split has 16"):
        load_plates(with_evaluation(study, plates=17))
    with pytest.raises(DataError, match="0 plates wanted"):
        load_plates(with_evaluation(study, plates=0))

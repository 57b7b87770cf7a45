"""The explorer: a function of a plate and of settings."""

import dataclasses
import shutil

import numpy as np
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import ConfigError, WeightsError
from lpr_gfpgan.evaluation.consistency import ROUNDING
from lpr_gfpgan.explore import Explorer, Settings
from lpr_gfpgan.explore.render import MAGNIFIED
from lpr_gfpgan.metrics import crop_box
from lpr_gfpgan.plates import quad_box

CLEAR = {"motion_length": 0.0, "defocus": 0.0, "noise": 0.0}


@pytest.fixture(scope="module")
def explorer(smoke_study):
    return Explorer(smoke_study, device="cpu")


def test_what_there_is_to_see(explorer):
    view = explorer.render(explorer.numbered_plate(2), Settings())
    np.testing.assert_array_equal(view.pictures["original"], explorer.plates.images[2])
    assert list(view.pictures) == ["degraded", "full", "face_recipe", "original"]
    assert all(p.shape == (32, 64, 3) and p.dtype == np.uint8 for p in view.pictures.values())
    assert set(view.readings) == {(p, r) for p in view.pictures for r in ("direct", "judge")}
    assert list(view.residuals) == ["full", "face_recipe", "original"]


def test_equal_arguments_give_equal_views(explorer):
    first, second = (
        explorer.render(explorer.numbered_plate(1), Settings(noise=20.0)) for _ in range(2)
    )
    assert first.readings == second.readings
    for name, picture in first.pictures.items():
        np.testing.assert_array_equal(picture, second.pictures[name])


def test_another_seed_is_other_noise(explorer):
    first, second = (
        explorer.render(explorer.numbered_plate(1), Settings(noise=20.0, seed=seed))
        for seed in (0, 1)
    )
    assert (first.pictures["degraded"] != second.pictures["degraded"]).any()


def test_without_degradation_the_plate_is_untouched(explorer):
    view = explorer.render(explorer.numbered_plate(3), Settings(**CLEAR))
    np.testing.assert_array_equal(view.pictures["degraded"], view.pictures["original"])
    assert view.readings["degraded", "judge"] == view.readings["original", "judge"]


@pytest.mark.parametrize(
    "change",
    [
        {"motion_length": 0.1},
        {"defocus": 0.02},
        {"resolution": 24},
        {"noise": 10.0},
        {"jpeg": 30},
    ],
)
def test_each_slider_changes_the_degraded_and_the_restored_picture(explorer, change):
    subject = explorer.numbered_plate(1)
    clear = explorer.render(subject, Settings(**CLEAR))
    view = explorer.render(subject, Settings(**(CLEAR | change)))
    np.testing.assert_array_equal(view.pictures["original"], clear.pictures["original"])
    for name in ("degraded", "full"):
        assert (view.pictures[name] != clear.pictures[name]).any()


def test_lengths_are_relative_to_the_plate(explorer):
    subject = explorer.numbered_plate(1)
    width = np.linalg.norm(subject.quad[[1, 2]] - subject.quad[[0, 3]], axis=1).mean()
    drawn = explorer.render(
        subject, Settings(motion_length=0.1, motion_angle=45.0, defocus=0.02, resolution=20)
    ).parameters
    assert drawn.motion_length.item() == pytest.approx(0.1 * width, rel=1e-5)
    assert drawn.sigma_major.item() == pytest.approx(0.02 * width, rel=1e-5)
    assert drawn.small_width.item() * width / 64 == pytest.approx(20, abs=0.5)
    assert drawn.motion_angle.item() == 45


@pytest.mark.parametrize("wrong", [{"jpeg": 101}, {"motion_length": -0.1}, {"noise": 41.0}])
def test_settings_out_of_range(explorer, wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        explorer.render(explorer.numbered_plate(0), Settings(**wrong))


def test_chosen_variants_alone_are_shown(explorer):
    view = explorer.render(explorer.numbered_plate(0), Settings(), variants=["face_recipe"])
    assert list(view.pictures) == ["degraded", "face_recipe", "original"]
    assert list(explorer.render(explorer.numbered_plate(0), Settings(), variants=[]).pictures) == [
        "degraded",
        "original",
    ]
    with pytest.raises(ConfigError, match="trained are full, face_recipe"):
        explorer.render(explorer.numbered_plate(0), Settings(), variants=["clamped_jpeg"])


def test_residual_of_the_original_is_the_noise(explorer):
    subject = explorer.numbered_plate(1)
    blur = {"motion_length": 0.1, "defocus": 0.02, "resolution": 24}
    quiet = explorer.render(subject, Settings(**(CLEAR | blur))).residuals["original"]
    assert quiet.distance == pytest.approx(ROUNDING, abs=0.05)
    noisy = explorer.render(subject, Settings(noise=8.0, motion_length=0.1)).residuals["original"]
    assert noisy.distance == pytest.approx(8.0, rel=0.2)


def test_picture_of_a_residual_shows_its_number(explorer):
    view = explorer.render(explorer.numbered_plate(1), Settings(noise=2.0))
    residual = view.residuals["original"]
    inside = crop_box(residual.picture, quad_box(view.subject.quad)) - 128.0
    assert np.sqrt(np.mean(inside**2)) / MAGNIFIED == pytest.approx(residual.distance, rel=0.05)


def test_residual_of_a_restoration_is_that_restoration_degraded_again(explorer):
    subject = explorer.numbered_plate(1)
    settings = Settings(**(CLEAR | {"defocus": 0.03}))
    view = explorer.render(subject, settings)
    restored = dataclasses.replace(subject, image=view.pictures["full"])
    again = explorer.render(restored, settings).pictures["degraded"]
    difference = again.astype(float) - view.pictures["degraded"]
    expected = np.clip(128 + MAGNIFIED * difference, 0, 255)
    np.testing.assert_allclose(view.residuals["full"].picture, expected, atol=MAGNIFIED)


def test_no_residual_where_a_photographs_blur_is_unknown(explorer):
    photograph = np.full((30, 90, 3), 90, np.uint8)
    subject = explorer.photographed_plate(photograph)
    assert explorer.render(subject, Settings(**(CLEAR | {"noise": 9.0}))).residuals == {}
    for known in ({"motion_length": 0.1}, {"defocus": 0.01}, {"resolution": 24}):
        assert explorer.render(subject, Settings(**(CLEAR | known))).residuals


def test_what_is_trained_is_offered_and_what_is_not_is_named(smoke_study):
    more = dataclasses.replace(smoke_study, variants=["no_motion_blur", "full", "face_recipe"])
    explorer = Explorer(more, device="cpu")
    assert explorer.variants == explorer.chosen == ("full", "face_recipe")
    assert explorer.missing == ("no_motion_blur",)


def copy_of(study, folder, *left_out):
    """The study with some of its files left out."""
    paths = Paths(folder, study.profile)
    ignored = shutil.ignore_patterns(*left_out, "manifest.json~")
    shutil.copytree(study.paths.models, paths.models, ignore=ignored)
    shutil.copytree(study.paths.plates, paths.plates)
    return dataclasses.replace(study, paths=paths)


def test_another_variant_is_chosen_where_full_is_not_trained(smoke_study, tmp_path):
    study = copy_of(smoke_study, tmp_path, "restorer-f*")
    with pytest.raises(WeightsError, match="make reproduce"):
        Explorer(study, device="cpu")
    source = smoke_study.paths.restorer("full", 0)
    shutil.copyfile(source, study.paths.restorer("clamped_jpeg", 0))
    study = dataclasses.replace(study, variants=["full", "clamped_jpeg"])
    explorer = Explorer(study, device="cpu")
    assert explorer.chosen == ("clamped_jpeg",) and explorer.missing == ("full",)


def test_damaged_weights_are_named_at_their_first_use(smoke_study, tmp_path):
    study = copy_of(smoke_study, tmp_path)
    study.paths.restorer("full", 0).write_bytes(b"nothing")
    explorer = Explorer(study, device="cpu")
    subject = explorer.numbered_plate(0)
    assert explorer.render(subject, Settings(), variants=["face_recipe"]).pictures
    with pytest.raises(WeightsError, match="restorer-full-0"):
        explorer.render(subject, Settings())

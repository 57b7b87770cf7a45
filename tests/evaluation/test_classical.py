"""The classical methods on degraded sets whose blur is known."""

import dataclasses

import numpy as np
import pytest

from lpr_gfpgan.degradations import DegradationParameters, DegradationRanges, degrade
from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.evaluation import (
    CLASSICAL,
    MixedCondition,
    classical_methods,
    degraded_set,
    load_plates,
)
from lpr_gfpgan.metrics import psnr
from lpr_gfpgan.settings import ClassicalSettings, build
from lpr_gfpgan.training.pictures import to_pixels

SETTINGS = {
    "unsharp_radius": 0.02,
    "unsharp_amount": 1.0,
    "wiener_balance": 0.001,
    "richardson_lucy_iterations": 30,
    "richardson_lucy_damping": 0.0,
    "fixed_sigma": 0.02,
}
BLUR = DegradationRanges(
    motion_probability=0.75,
    motion_length=(0.05, 0.1),
    motion_angle=(0, 180),
    defocus_probability=0.5,
    defocus_sigma=(0.01, 0.02),
    defocus_kinds={"isotropic": 1, "anisotropic": 1, "disk": 1},
    downsample_probability=0,
    downsample_width=(12, 20),
    noise_probability=0,
    noise_sigma=(5, 5),
    signal_noise=(0, 0),
    jpeg_probability=0,
    jpeg_quality=(60, 60),
    jpeg_clamped=False,
    order="physical",
)
LOW = dataclasses.replace(
    BLUR, motion_probability=0, defocus_probability=0, downsample_probability=1
)


def methods(**changes):
    made = classical_methods(ClassicalSettings(**{**SETTINGS, **changes}))
    return {method.name: method for method in made}


def degraded_by(ranges, plates):
    return degraded_set(plates, MixedCondition(name="a condition", ranges=ranges, seed=3))


def quality(plates, images):
    return np.array([psnr(a, b) for a, b in zip(plates.image, images, strict=True)])


@pytest.fixture(scope="module")
def plates(study):
    """All sixteen plates of the set."""
    evaluation = dataclasses.replace(study.settings.evaluation, plates=16)
    settings = dataclasses.replace(study.settings, evaluation=evaluation)
    return load_plates(dataclasses.replace(study, settings=settings))


@pytest.fixture(scope="module")
def blurred(plates):
    return degraded_by(BLUR, plates)


@pytest.fixture(scope="module")
def unblurred(blurred):
    strengths = blurred.parameters[["motion_length", "sigma_major", "disk_radius"]]
    return (strengths == 0).all(axis=1).to_numpy()


def test_names_and_shapes(plates, blurred):
    before = blurred.bicubic.copy()
    made = methods()
    assert tuple(made) == CLASSICAL
    for method in made.values():
        images = method.apply(plates, blurred)
        assert images.dtype == np.uint8 and images.shape == plates.image.shape
        assert np.array_equal(images, method.apply(plates, blurred)), method.name
        assert (method.variant, method.training_seed) == ("", None)
    assert np.array_equal(blurred.bicubic, before)


@pytest.mark.parametrize(
    ("name", "gain"), [("wiener true kernel", 3), ("richardson-lucy true kernel", 2)]
)
def test_the_true_kernel_undoes_the_blur(plates, blurred, unblurred, name, gain):
    assert 0 < unblurred.sum() < len(plates) / 2
    images = methods()[name].apply(plates, blurred)
    gains = quality(plates, images)[~unblurred] - quality(plates, blurred.bicubic)[~unblurred]
    assert gains.mean() > gain
    assert np.array_equal(images[unblurred], blurred.bicubic[unblurred])


@pytest.mark.parametrize("name", ["wiener", "richardson-lucy"])
def test_one_fixed_kernel_does_worse_than_the_true_one(plates, blurred, unblurred, name):
    made = methods()
    true, fixed = (
        quality(plates, made[f"{name} {kind} kernel"].apply(plates, blurred))
        for kind in ("true", "fixed")
    )
    assert true[~unblurred].mean() > fixed[~unblurred].mean() + 1


def test_the_fixed_kernel_is_a_part_of_the_frame(plates, blurred):
    """Deconvolving a Gaussian blur is best near its own sigma."""
    sharpest = dataclasses.replace(
        BLUR,
        motion_probability=0,
        defocus_probability=1,
        defocus_kinds={"isotropic": 1},
        defocus_sigma=(0.02, 0.02),
    )
    degraded = degraded_by(sharpest, plates)
    sigma = degraded.parameters["sigma_major"].mean() / plates.image.shape[2]
    for name in ("wiener fixed kernel", "richardson-lucy fixed kernel"):
        less, right, more = (
            quality(plates, methods(fixed_sigma=s)[name].apply(plates, degraded)).mean()
            for s in (sigma / 3, sigma, sigma * 3)
        )
        assert less < right > more


def test_lanczos_is_an_enlargement_of_the_same_small_image(plates):
    degraded = degraded_by(LOW, plates)
    images = methods()["lanczos"].apply(plates, degraded)
    parameters = DegradationParameters.from_rows(degraded.parameters.to_dict("records"))
    again = degrade(plates.batch.image, parameters, codec="exact", enlarge="lanczos")
    assert np.array_equal(images, to_pixels(again))
    difference = np.abs(images.astype(int) - degraded.bicubic).mean()
    assert 0 < difference < np.abs(images.astype(int) - degraded.bilinear).mean()


def test_without_blur_the_true_kernel_changes_nothing(plates):
    degraded = degraded_by(LOW, plates)
    for name, method in methods().items():
        images = method.apply(plates, degraded)
        assert np.array_equal(images, degraded.bicubic) == ("true" in name), name


def test_a_plate_is_restored_alike_in_smaller_sets(plates, blurred):
    few = dataclasses.replace(
        blurred,
        bicubic=blurred.bicubic[5:9],
        lanczos=blurred.lanczos[5:9],
        parameters=blurred.parameters[5:9],
    )
    for name, method in methods().items():
        whole = method.apply(plates, blurred)[5:9].astype(int)
        assert np.abs(method.apply(plates, few) - whole).max() <= 1, name


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("unsharp_radius", 0.05, "unsharp"),
        ("unsharp_amount", 2.0, "unsharp"),
        ("wiener_balance", 0.1, "wiener true kernel"),
        ("wiener_balance", 0.1, "wiener fixed kernel"),
        ("richardson_lucy_iterations", 3, "richardson-lucy true kernel"),
        ("richardson_lucy_iterations", 3, "richardson-lucy fixed kernel"),
        ("richardson_lucy_damping", 20.0, "richardson-lucy true kernel"),
        ("fixed_sigma", 0.01, "wiener fixed kernel"),
        ("fixed_sigma", 0.01, "richardson-lucy fixed kernel"),
    ],
)
def test_each_setting_acts_on_its_method(plates, blurred, field, value, name):
    usual, other = methods(), methods(**{field: value})
    assert not np.array_equal(
        usual[name].apply(plates, blurred), other[name].apply(plates, blurred)
    )


def test_no_unsharp_mask_is_no_change(plates, blurred):
    images = methods(unsharp_amount=0)["unsharp"].apply(plates, blurred)
    assert np.array_equal(images, blurred.bicubic)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unsharp_radius", 0),
        ("unsharp_radius", 0.5),
        ("unsharp_amount", -1),
        ("wiener_balance", 0),
        ("wiener_balance", float("nan")),
        ("richardson_lucy_iterations", 0),
        ("richardson_lucy_damping", -0.5),
        ("richardson_lucy_damping", 256),
        ("fixed_sigma", 0),
    ],
)
def test_settings_out_of_range_are_named(field, value):
    with pytest.raises(ConfigError, match=rf"classical\.{field}: .* is out of range"):
        ClassicalSettings(**{**SETTINGS, field: value})


def test_settings_are_checked_as_params_yaml_is():
    assert build(ClassicalSettings, SETTINGS, "classical") == ClassicalSettings(**SETTINGS)
    with pytest.raises(ConfigError, match=r"classical\.richardson_lucy_iterations: expected int"):
        build(ClassicalSettings, {**SETTINGS, "richardson_lucy_iterations": 2.5}, "classical")

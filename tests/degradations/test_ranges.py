import math

import pytest

from lpr_gfpgan.errors import ConfigError


def test_lists_become_tuples_and_missing_kinds_weigh_nothing(ranges):
    made = ranges(motion_length=[0.01, 0.2], defocus_kinds={"disk": 2})
    assert made.motion_length == (0.01, 0.2)
    assert made.jpeg_quality == (20, 95)
    assert made.defocus_kinds == {"isotropic": 0, "anisotropic": 0, "disk": 2}
    assert made == ranges(motion_length=(0.01, 0.2), defocus_kinds={"disk": 2.0})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("motion_probability", 1.1),
        ("defocus_probability", -0.1),
        ("downsample_probability", "often"),
        ("noise_probability", True),
        ("jpeg_probability", math.nan),
        ("motion_length", [0.2, 0.1]),
        ("motion_length", [-0.1, 0.1]),
        ("motion_angle", [0, 181]),
        ("motion_angle", 30),
        ("defocus_sigma", [0, math.inf]),
        ("defocus_sigma", ["0", 1]),
        ("downsample_width", [0, 20]),
        ("noise_sigma", [0, 1, 2]),
        ("signal_noise", None),
        ("jpeg_quality", [60, 101]),
        ("jpeg_quality", [0, 50]),
        ("jpeg_quality", [60.5, 90]),
        ("defocus_kinds", {"square": 1}),
        ("defocus_kinds", {"disk": -1}),
        ("defocus_kinds", {"disk": 0}),
        ("defocus_kinds", {}),
        ("defocus_kinds", ["disk"]),
        ("order", "motion_first"),
        ("jpeg_clamped", "yes"),
        ("jpeg_clamped", 1),
    ],
)
def test_bad_values_are_refused_by_name(ranges, field, value):
    with pytest.raises(ConfigError, match=field) as caught:
        ranges(**{field: value})
    assert "\n" not in str(caught.value)

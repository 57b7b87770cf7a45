"""Which networks each test opens, and that the methods are those that are named."""

import dataclasses

import pytest

from lpr_gfpgan.evaluation import compared, methods
from lpr_gfpgan.evaluation.grid import AS_PUBLISHED, CORRECTED


@pytest.mark.parametrize(
    ("protocol", "opened"),
    [
        (AS_PUBLISHED, ["restorer-full", "restorer-face_recipe"]),
        (
            CORRECTED,
            [
                "baseline-plain_unet",
                "restorer-full",
                "restorer-no_motion_blur",
                "restorer-face_recipe",
            ],
        ),
        (
            "",
            [
                "baseline-plain_unet",
                "restorer-full",
                "restorer-no_motion_blur",
                "restorer-face_recipe",
            ],
        ),
    ],
)
@pytest.mark.parametrize("seeds", [[0], [0, 3]])
def test_only_what_is_compared_is_opened(protocol, opened, seeds, study, network, monkeypatch):
    variants = ["full", "no_motion_blur", "face_recipe"]
    study = dataclasses.replace(study, variants=variants, baselines=["plain_unet"], seeds=seeds)
    paths = []

    def load(path, **_):
        paths.append(path.stem)
        return network, {}

    monkeypatch.setattr(methods, "load_weights", load)
    found = compared.compared_methods(study, protocol=protocol)
    assert [each.name for each in found] == compared.method_names(study, protocol)
    assert paths == [f"{name}-{seed}" for name in opened for seed in seeds]

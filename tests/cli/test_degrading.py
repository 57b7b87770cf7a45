"""`degrade`: test cases, and the record of how they were made."""

import json

import numpy as np

from lpr_gfpgan import plates
from lpr_gfpgan.files import read_image


def test_degrade_records_what_it_did(run, pictures, tmp_path):
    given = ["--motion-length", "9", "--motion-angle", "30", "--defocus", "1.5"]
    given += ["--width", "64", "--noise", "5", "--jpeg", "60", "--seed", "4"]
    assert run("degrade", pictures / "a.png", "-o", tmp_path / "out.png", *given) == 0
    sharp, blurred = read_image(pictures / "a.png"), read_image(tmp_path / "out.png")
    assert blurred.shape == sharp.shape
    record = json.loads((tmp_path / "out.json").read_text())
    expected = {
        "seed": 4,
        "motion_length": 9.0,
        "motion_angle": 30.0,
        "sigma_major": 1.5,
        "sigma_minor": 1.5,
        "small_width": 64,
        "small_height": 20,
        "noise_sigma": 5.0,
        "jpeg_quality": 60,
    }
    assert expected.items() <= record.items()
    # The record alone makes the same picture again.
    from lpr_gfpgan.degradations import DegradationParameters, degrade

    parameters = DegradationParameters.from_rows([record])
    again = degrade(plates.image_tensor(sharp[None]), parameters, codec="exact")
    levels = (again[0].permute(1, 2, 0).numpy() + 1) * 127.5
    np.testing.assert_allclose(blurred, levels, atol=0.51)


def test_degrade_by_nothing_changes_nothing_and_overwrites_nothing(
    run, one_line, pictures, tmp_path
):
    target = tmp_path / "out.png"
    assert run("degrade", pictures / "a.png", "-o", target) == 0
    assert "not degraded" in one_line()
    np.testing.assert_array_equal(read_image(target), read_image(pictures / "a.png"))
    before = target.read_bytes()
    assert run("degrade", pictures / "a.png", "-o", target, "--noise", "9") == 2
    assert "--overwrite" in one_line()
    assert target.read_bytes() == before
    assert run("degrade", pictures / "a.png", "-o", target, "--noise", "9", "--overwrite") == 0
    assert target.read_bytes() != before


def test_the_seed_decides_the_noise(run, pictures, tmp_path):
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.png"
        run("degrade", pictures / "a.png", "-o", path, "--noise", "9", "--seed", seed)
        made.append(path.read_bytes())
    assert made[0] == made[1] != made[2]


def test_degrade_never_replaces_its_input(run, one_line, pictures):
    before = (pictures / "a.png").read_bytes()
    given = ["-o", pictures / "a.png", "--noise", "5", "--overwrite"]
    assert run("degrade", pictures / "a.png", *given) == 2
    assert "would be replaced by its copy" in one_line()
    assert (pictures / "a.png").read_bytes() == before

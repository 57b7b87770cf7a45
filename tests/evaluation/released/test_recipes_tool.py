"""The tool that trains both recipes and tests them, from plates to rows, at a tiny scale."""

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from lpr_gfpgan.evaluation.real_plates import labels_hash
from lpr_gfpgan.evaluation.recipes import RECIPES
from lpr_gfpgan.networks import load_weights

from ...scripts import load_script

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(weights, folder, tmp_path, monkeypatch):
    """A function that runs the tool, its three profiles as small as smoke; gives its code."""
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    small = params["profiles"]["smoke"]
    crops = {"sources": ["near", "far"], "reader": 2, "restorer": 2, "l1": 1.0, "l1_width": 28}
    for name in ("release", *RECIPES.values()):
        own = params["profiles"][name]["restorer"]["warmup"]
        restorer = {**small["restorer"], "warmup": {**own, "bfloat16": False}}
        params["profiles"][name] = {**small, "photographs": crops, "restorer": restorer}
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), "utf-8")
    (root / "dvc.yaml").touch()
    shutil.copy(ROOT / "real" / "released.yaml", root / "real")
    asked = {"labels_sha256": labels_hash(folder), "plates_per_source": 9, "seed": 1}
    (root / "real" / "plates.yaml").write_text(yaml.safe_dump(asked), "utf-8")
    monkeypatch.setenv("LPR_GFPGAN_ROOT", str(root))
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path / "out"))
    monkeypatch.setenv("LPR_GFPGAN_REAL_PLATES", str(folder))
    tool = load_script("recipes")

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["recipes.py", "--readers", str(weights), *options])
        return tool.main()

    return run


@pytest.mark.slow
def test_it_trains_each_its_own_way_keeps_rows_and_makes_again_what_is_missing_alone(
    run, tmp_path, capsys
):
    models, kept = tmp_path / "out" / "models", tmp_path / "out" / "reports" / "recipes"
    assert run("--max-seconds", "0") == 75
    assert "paused" in capsys.readouterr().out
    assert not (models / "release").exists() and not kept.exists()

    assert run() == 0
    for variant, profile in RECIPES.items():
        trained = models / profile / f"restorer-{variant}-0.safetensors"
        facts = load_weights(trained)[1]["provenance"]
        assert facts["variant"] == variant and facts["profile"] == profile
        warm = load_weights(models / profile / "warmup.safetensors")[1]["provenance"]
        knows = variant == "full"
        assert warm["ablation"]["motion_blur"] is warm["ablation"]["recognition_loss"] is knows
        prior = (models / profile / "prior.safetensors").read_bytes()
        assert prior == (models / "release" / "prior.safetensors").read_bytes()
    crops = [tmp_path / "out" / "data" / "photographs" / f"{p}.npz" for p in RECIPES.values()]
    assert crops[0].read_bytes() == crops[1].read_bytes()
    rows = (kept / "rows" / "recipes.csv.gz").read_bytes()

    whole = made(tmp_path)
    gone = models / RECIPES["face_recipe"] / "restorer-face_recipe-0.safetensors"
    was = gone.read_bytes()
    gone.unlink()
    assert run() == 0
    changed = {path for path, time in made(tmp_path).items() if whole[path] != time}
    assert changed == {gone} and gone.read_bytes() == was
    assert (kept / "rows" / "recipes.csv.gz").read_bytes() == rows


def made(folder):
    """When each file of plates, crops and weights was written."""
    found = [*(folder / "out" / "models").rglob("*"), *(folder / "out" / "data").rglob("*")]
    return {path: path.stat().st_mtime_ns for path in found if path.is_file()}


def test_what_will_be_needed_is_asked_for_before_anything_is_made(
    run, weights, tmp_path, monkeypatch, capsys
):
    without = shutil.copytree(weights, tmp_path / "without")
    (without / "reader-judge.safetensors").unlink()
    assert run("--readers", str(without)) == 1
    assert "reader-judge" in capsys.readouterr().err
    monkeypatch.setenv("LPR_GFPGAN_REAL_PLATES", "/nowhere")
    assert run() == 1
    assert "/nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

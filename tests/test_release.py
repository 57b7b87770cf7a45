"""The tool that makes the released weights, from photographs to calibration, at a tiny scale."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from lpr_gfpgan.files import sha256_of, write_png
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.restore import Restorer

from .scripts import load_script

ROOT = Path(__file__).parents[1]
TEXTS = ("皖A88888", "京AA00001", "沪B12345")


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A function that runs the tool at profile smoke, with photographs in it; gives its code."""
    root = tmp_path / "root"
    root.mkdir()
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    crops = {"sources": ["mine"], "reader": 2, "restorer": 2, "l1": 1.0, "l1_width": 28}
    params["profiles"]["smoke"]["photographs"] = crops
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), "utf-8")
    (root / "dvc.yaml").touch()
    folder = tmp_path / "photographs"
    rows = ["crop,text,source"]
    for number, text in enumerate(TEXTS):
        write_png(folder / f"{number}.png", np.full((24, 94, 3), 60 * number, np.uint8))
        rows.append(f"{number}.png,{text},mine")
    (folder / "labels.csv").write_text("\n".join(rows), "utf-8")
    monkeypatch.setenv("LPR_GFPGAN_ROOT", str(root))
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path / "out"))
    monkeypatch.setenv("LPR_GFPGAN_REAL_PLATES", str(folder))
    tool = load_script("release")

    def run(*options):
        given = ["release.py", "--profile", "smoke", "--to", str(tmp_path / "weights"), *options]
        monkeypatch.setattr(sys, "argv", given)
        return tool.main()

    run.tool = tool
    return run


def test_it_rehearses_pauses_goes_on_and_ships_what_restores(release, tmp_path, capsys):
    assert release("--dry-run") == 0
    rehearsed = capsys.readouterr().out.splitlines()
    assert len(rehearsed) == 6
    assert "images/s" in rehearsed[0] and "warmup: not yet" in rehearsed[4]
    assert not (tmp_path / "out" / "models").exists()

    assert release("--max-seconds", "0") == 75
    assert "paused" in capsys.readouterr().out
    assert not (tmp_path / "weights").exists()

    assert release() == 0
    weights = tmp_path / "weights"
    facts = load_weights(weights / "restorer.safetensors")[1]["provenance"]
    assert facts["variant"] == "full" and len(facts["photographs_sha256"]) == 1
    restorer = Restorer.from_pretrained(weights / "restorer.safetensors", device="cpu")
    assert restorer.reader is not None and restorer.calibration is not None

    shipped = weights / "restorer.safetensors"
    before = sha256_of(shipped)
    assert release("--from", str(shipped)) == 1
    assert "copy it elsewhere" in capsys.readouterr().err
    start = shutil.copy(shipped, tmp_path / "start.safetensors")
    assert release("--from", str(start)) == 0
    began = load_weights(shipped)[1]["provenance"]["started_from"]
    reader = weights / "reader-direct.safetensors"
    assert "started_from" not in load_weights(reader)[1]["provenance"]
    assert began["variant"] == "warmup" and began["started_from"]["sha256"] == before
    written = (tmp_path / "out" / "models" / "smoke" / "warmup.safetensors").stat().st_mtime_ns
    assert release("--from", str(start)) == 0  # finished: nothing is trained again
    again = (tmp_path / "out" / "models" / "smoke" / "warmup.safetensors").stat().st_mtime_ns
    assert again == written

    before = sha256_of(reader)
    assert release("--from", str(start), "--from-direct", str(reader)) == 1
    assert "--from-direct" in capsys.readouterr().err
    trained = tmp_path / "out" / "models" / "smoke" / "reader-direct.safetensors"
    assert release("--from-direct", str(trained)) == 1
    assert "copy it elsewhere" in capsys.readouterr().err
    direct = shutil.copy(reader, tmp_path / "direct.safetensors")
    assert release("--from", str(start), "--from-direct", str(direct)) == 0
    assert load_weights(reader)[1]["provenance"]["started_from"]["sha256"] == before


def test_a_rehearsal_is_of_the_training_that_was_asked_for(release, monkeypatch):
    starts = release.tool.Starts(restorer=Path("restorer"), direct=Path("direct"))
    asked = []
    monkeypatch.setattr(release.tool, "stage_tasks", lambda *which: asked.append(which) or {})
    assert list(release.tool.rehearse("study", starts)) == []
    assert asked == [("study", "full", Path("restorer"), Path("direct"))]


def test_weights_to_go_on_from_are_looked_at_before_anything_is_trained(release, tmp_path, capsys):
    assert release("--from", str(tmp_path / "nothing")) == 1
    assert "no weights file" in capsys.readouterr().err
    assert not (tmp_path / "out" / "models").exists()


def test_a_missing_folder_is_named(release, monkeypatch, capsys):
    monkeypatch.delenv("LPR_GFPGAN_REAL_PLATES")
    assert release() == 1
    assert "LPR_GFPGAN_REAL_PLATES is not set" in capsys.readouterr().err

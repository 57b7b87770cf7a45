"""`train` and `evaluate`."""

import pytest


def test_train_pauses_and_goes_on(run, smoke_study, tmp_path, monkeypatch, capsys):
    import shutil

    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    for part in ("data", "models"):
        shutil.copytree(smoke_study.paths.output / part, tmp_path / part)
    made = tmp_path / "models" / "smoke" / "restorer-full-3.safetensors"
    assert run("train", "--seed", 3, "--max-seconds", 0) == 75
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("lpr-gfpgan: ") and "paused" in last
    assert not made.exists()
    assert run("train", "--seed", 3) == 0
    assert made.exists()


def test_evaluate_prints_a_table(run, smoke_study, monkeypatch, tmp_path, capsys):
    import dataclasses
    import shutil

    from lpr_gfpgan import config

    for part in ("data", "models"):
        shutil.copytree(smoke_study.paths.output / part, tmp_path / part)
    study = dataclasses.replace(smoke_study, paths=config.Paths(tmp_path, "smoke"))
    monkeypatch.setattr(config, "load_study", lambda profile: study)
    assert run("evaluate", "--profile", "smoke", "--device", "cpu") == 0
    shown = capsys.readouterr().out
    assert "full" in shown and "face_recipe" in shown and "direct" in shown
    assert study.paths.metrics("evaluation").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["train", "--profile", "enormous"], "enormous"),
        (["train", "--variant", "nothing"], "nothing"),
        (["evaluate", "--profile", "quick"], "reader-judge"),
        (["evaluate", "--device", "toaster"], "device 'toaster': not on this machine"),
    ],
)
def test_bad_input_gets_one_line(run, one_line, at_smoke_study, arguments, word):
    assert run(*arguments) == 2
    assert word in one_line()

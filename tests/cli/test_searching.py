"""Which pictures of a folder are taken, and where their restorations go."""

import shutil

import numpy as np
import pytest

from lpr_gfpgan import files
from lpr_gfpgan.files import write_png


def restored(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


@pytest.fixture
def plates(pictures, tmp_path):
    """A copy of the two plates' folder that may be written to."""
    return shutil.copytree(pictures, tmp_path / "plates")


def test_results_below_the_pictures_are_not_restored_again(run, at_untrained, plates, capsys):
    out = plates / "deep" / "out"
    for more in ([], ["--overwrite"], ["--skip-existing"]):
        assert run("restore", plates, "-o", out, *more) == 0
        assert restored(out) == ["a.png", "deep/b.jpg.png"]
    assert "0 pictures restored" in capsys.readouterr().err.splitlines()[-1]
    # Under another name the folder is the same one.
    (plates.parent / "link").symlink_to(out)
    assert run("restore", plates, "-o", plates.parent / "link", "--overwrite") == 0
    assert restored(out) == ["a.png", "deep/b.jpg.png"]


def test_what_is_hidden_is_left_out_unless_it_is_named(run, at_untrained, plates, tmp_path):
    hidden = plates / ".hidden" / "c.png"
    write_png(hidden, files.read_image(plates / "a.png"))
    temporary = shutil.copy(plates / "a.png", plates / ".a.0123abcd.png")
    assert run("restore", plates, "-o", tmp_path / "out") == 0
    assert restored(tmp_path / "out") == ["a.png", "deep/b.jpg.png"]
    assert run("restore", hidden.parent, temporary, "-o", tmp_path / "named") == 0
    assert restored(tmp_path / "named") == [".a.0123abcd.png", "c.png"]


def test_a_given_folder_is_the_root_of_its_pictures(run, at_untrained, plates, tmp_path):
    out, twice = tmp_path / "out", (plates, plates / "a.png")
    assert run("restore", *twice, "-o", out) == 0
    assert restored(out) == ["a.png", "deep/b.jpg.png"]


@pytest.mark.parametrize(("one", "other"), [("A/x.png", "B/x.png"), ("A/x.png", "A/x.bmp")])
def test_two_pictures_never_become_one_file(
    run, one_line, at_untrained, pictures, tmp_path, one, other
):
    for name in (one, other):
        write_png(tmp_path / "all" / name, files.read_image(pictures / "a.png"))
    out, folders = tmp_path / "out", sorted((tmp_path / "all").iterdir())
    assert run("restore", *folders, "-o", out) == 2
    line = one_line()
    assert one in line and other in line and "rename one" in line
    assert ("the folder above both" in line) == (len(folders) == 2)
    assert not out.exists()
    if len(folders) == 2:
        assert run("restore", tmp_path / "all", "-o", out) == 0
        assert restored(out) == [one, other]


def test_other_files_are_ignored_and_bad_pictures_named(
    run, at_untrained, plates, tmp_path, monkeypatch, capsys
):
    (plates / "table.csv").write_text("a,b")
    (plates / "folder.png").mkdir()
    (plates / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (plates / "empty.png").touch()
    huge = np.zeros((200, 600, 3), np.uint8)
    write_png(plates / "huge.png", huge)
    monkeypatch.setattr(files.read_image, "__defaults__", (huge.size // 3 - 1,))
    assert run("restore", plates, "-o", tmp_path / "out") == 1
    *named, summary = capsys.readouterr().err.splitlines()
    assert "2 pictures restored, 0 refused as no plate, 3 failed" in summary
    words = [("broken.jpg", "damaged"), ("empty.png", "no image"), ("huge.png", "600 x 200")]
    assert len(named) == 3
    for line, (name, why) in zip(named, words, strict=True):
        assert line.startswith("lpr-gfpgan: skipped: ") and name in line and why in line
    assert restored(tmp_path / "out") == ["a.png", "deep/b.jpg.png"]
    assert run("read", plates) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == named and len(captured.out.splitlines()) == 2


def test_a_folder_that_cannot_be_searched_is_no_empty_one(
    run, one_line, at_untrained, plates, tmp_path, monkeypatch
):
    def refuse(top, onerror):
        onerror(PermissionError(13, "Permission denied", str(plates / "deep")))
        return iter(())

    monkeypatch.setattr("os.walk", refuse)
    assert run("restore", plates, "-o", tmp_path / "out") == 2
    assert "Permission denied" in one_line()

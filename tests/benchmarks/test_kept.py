"""What a kept figure says of its code, and when an earlier file counts."""

import subprocess

import pytest

from benchmarks.kept import UNKNOWN, earlier, stamp


@pytest.fixture
def repository(tmp_path):
    """A function that runs git in a folder with one commit."""

    def git(*arguments):
        done = subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "code.py").write_text("one")
    git("add", "--all")
    git("commit", "--quiet", "--message", "one")
    git.folder = tmp_path
    return git


def test_a_figure_names_its_commit_and_changes_to_the_code_but_not_to_results(repository):
    root, commit = repository.folder, repository("rev-parse", "--short", "HEAD")
    assert stamp(root)["commit"] == commit
    (root / "reports").mkdir()
    (root / "reports" / "found.json").write_text("{}")
    assert stamp(root)["commit"] == commit
    (root / "new.py").write_text("two")
    assert stamp(root)["commit"] == commit + "+"


def test_an_archive_has_no_commit_even_inside_a_repository(repository, monkeypatch, tmp_path):
    (repository.folder / "unpacked").mkdir()
    assert stamp(repository.folder / "unpacked")["commit"] == UNKNOWN
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert stamp(repository.folder)["commit"] == UNKNOWN


def test_another_machine_begins_anew(tmp_path):
    path = tmp_path / "costs.json"
    path.write_text('{"profile": "quick", "threads": 1, "stages": [1]}')
    about = {"profile": "quick", "threads": 1}
    assert earlier(path, about)["stages"] == [1]
    assert earlier(path, about | {"threads": 2}) == about | {"threads": 2}
    assert earlier(tmp_path / "none.json", about) == about

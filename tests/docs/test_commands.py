"""Every command and Python block of README.md and docs/ works, and none is left out."""

from pathlib import Path

import pytest
import yaml

from lpr_gfpgan.plates import read_folder

from .pages import PAGES, ROOT, blocks, commands
from .ways import ELSEWHERE, EXCEPTED, assert_test_exists, run


def run_block(block, folder):
    """Does with a block what its reader would do."""
    if block.language == "bash":
        for command in commands(block):
            run(command, folder)
    elif block.language == "python":
        run_python(block, folder)
    elif block.language == "csv":
        (folder / "my-plates" / "labels.csv").write_text(block.text + "\n", "utf-8")
        photos = read_folder(folder / "my-plates")
        assert len(photos) == len(block.text.splitlines()) - 1
        assert all(photo.path.is_file() for photo in photos)
    elif block.language == "yaml":
        known = yaml.safe_load((ROOT / "real" / "plates.yaml").read_text("utf-8"))
        assert yaml.safe_load(block.text).keys() <= known.keys()


def run_python(block, folder):
    """Runs a script as one; one that begins with its name is kept for the commands after it."""
    first = block.text.splitlines()[0]
    if first.startswith("# ") and first.endswith(".py"):
        (folder / first.removeprefix("# ")).write_text(block.text + "\n", "utf-8")
    exec(compile(block.text, block.place, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=pytest.mark.slow) if p.name == "train.md" else p for p in PAGES],
    ids=[page.name for page in PAGES],
)
def test_a_page_works_from_top_to_bottom(page, workshop):
    direct = workshop / "models" / "smoke" / "reader-direct.safetensors"
    if page.name == "train.md":
        direct.unlink()
    for block in blocks(page):
        run_block(block, workshop)
    assert direct.is_file()


def test_the_pages_have_all_kinds_of_blocks():
    languages = {block.language for page in PAGES for block in blocks(page)}
    assert languages == {"bash", "python", "csv", "yaml", ""}


def test_a_listing_hides_no_command():
    programs = ("make ", "lpr-gfpgan ", "dvc ", "python", "pip ", "uv ", "torchrun ", "$ ")
    for page in PAGES:
        for block in blocks(page):
            lines = block.text.splitlines() if block.language == "" else []
            assert not [line for line in lines if line.startswith(programs)], block.place


def test_a_command_is_taken_apart():
    text = "```bash\n# why\nA=b make real  # where\ncd x && dvc \\\n  repro\n```\n"
    (block,) = blocks(Path("page.md"), text)
    found = commands(block)
    assert [each.words for each in found] == [["make", "real"], ["cd", "x"], ["dvc", "repro"]]
    assert found[0].variables == {"A": "b"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("curl -O weights.bin", "no way to run it"),
        ("lpr-gfpgan restore plate.jpg --sharper -o out", "does not take these arguments"),
        ("make nothing", "make nothing"),
        ("dvc metrics display", "display"),
        ("dvc metrics show reports/none.json", "no reports/none.json"),
        ("torchrun --standalone nothing.py", "torchrun"),
        ("torchrun -m lpr_gfpgan.cli train --size 4", "does not take these arguments"),
    ],
)
def test_a_command_that_cannot_work_is_refused(line, reason, tmp_path):
    (block,) = blocks(Path("page.md"), f"```bash\n{line}\n```")
    with pytest.raises(AssertionError, match=reason):
        run_block(block, tmp_path)


def test_python_that_fails_is_noticed(tmp_path):
    (block,) = blocks(Path("page.md"), "```python\nfrom lpr_gfpgan import nothing\n```")
    with pytest.raises(ImportError):
        run_block(block, tmp_path)


@pytest.mark.parametrize("text", ["```sh\nls\n```", "```bash\nls"])
def test_a_block_that_cannot_be_checked_is_refused(text):
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        blocks(Path("page.md"), text)


def test_exceptions_are_used_and_what_runs_elsewhere_exists():
    written = {
        each.text
        for page in PAGES
        for block in blocks(page)
        if block.language == "bash"
        for each in commands(block)
    }
    assert EXCEPTED.keys() <= written
    for text, place in ELSEWHERE.items():
        assert any(each.startswith(text) for each in written), text
        assert_test_exists(place)

"""What the pages say of files and options is so."""

import re

import pytest

from lpr_gfpgan.cli.main import _parser
from lpr_gfpgan.files import read_image
from lpr_gfpgan.plates import parse_ccpd_name

from .pages import PAGES, ROOT, blocks, spans

README = ROOT / "README.md"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def programs():
    """The options of each command of the program."""
    (commands,) = _parser()._subparsers._group_actions
    return {
        name: {option for action in parser._actions for option in action.option_strings}
        for name, parser in commands.choices.items()
    }


def anchors(page):
    """The names that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme():
    linked = set(LINK.findall(README.read_text("utf-8")))
    assert {f"docs/{page.name}" for page in PAGES if page != README} <= linked


def test_the_readme_shows_one_picture_that_is_there():
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text("utf-8"))
    assert read_image(ROOT / picture).shape[1] <= 1104


def test_every_command_and_option_is_explained():
    text = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    for name, options in programs().items():
        assert f"| `{name}` |" in text
        for option in options - {"-h", "--help"}:
            assert re.search(rf"(?<![\w-]){option}\b", text), f"{name} {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_inline_code_names_what_there_is(page):
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for span in spans(page):
        if span.startswith("make "):
            assert span.split()[1] in targets, span
        elif span.startswith("lpr-gfpgan ") and not span.split()[1].isupper():
            assert span.split()[1] in programs(), span
        elif re.fullmatch(r"(lpr_gfpgan|reports/quick|notebooks|tools|docs)/[\w/.-]+", span):
            assert (ROOT / span).exists(), span
        elif "&" in span:
            assert parse_ccpd_name(span).text, span


def test_the_listing_of_the_readme_is_that_of_the_repository():
    (listing,) = [b.text for b in blocks(README) if b.language == ""]
    names = re.findall(r"^( *)([\w./]+\.?\w*/?) {2,}\S", listing, flags=re.MULTILINE)
    assert len(names) > 25
    for indent, name in names:
        path = ROOT / "lpr_gfpgan" / name if indent else ROOT / name
        # Reports of other profiles and downloads come later; these are in every clone.
        assert path.is_dir() if name.endswith("/") else path.is_file(), name
    rooms = {p.name for p in (ROOT / "lpr_gfpgan").iterdir() if (p / "__init__.py").is_file()}
    assert rooms <= {name.rstrip("/") for indent, name in names if indent}

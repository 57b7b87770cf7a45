"""The pages, their fenced blocks, and the commands in these."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = ("bash", "python", "csv", "yaml", "")
"""A block without a language is a listing."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line it begins at, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self):
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command: where it stands, its words, and the variables set before it."""

    place: str
    words: list[str]
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def text(self):
        return shlex.join(self.words)


def blocks(page, text=None):
    """The fenced blocks of a page in order; refuses a language that nobody knows how to run."""
    lines = (page.read_text("utf-8") if text is None else text).splitlines()
    found, begun, language = [], None, ""
    for number, line in enumerate(lines, start=1):
        if not line.lstrip().startswith("```"):
            continue
        if begun is None:
            begun, language = number, line.strip().removeprefix("```")
            assert language in LANGUAGES, f"{page.name}:{number}: no way to check {language!r}"
        else:
            found.append(Block(page, begun, language, "\n".join(lines[begun : number - 1])))
            begun = None
    assert begun is None, f"{page.name}:{begun}: a block without an end"
    return found


def commands(block):
    """The commands of a bash block in order."""
    joined = re.sub(r"\\\n", " ", block.text)
    found = []
    for line in joined.splitlines():
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            variables = {}
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                name, value = words.pop(0).split("=", 1)
                variables[name] = value
            if words:
                found.append(Command(f"{block.place} {part.strip()}", words, variables))
    return found


def spans(page):
    """The inline code of a page, its fenced blocks left out."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)

"""How right a reading is, given the true text of the plate.

Readings are compared by edit distance (Levenshtein 1966), not place by place: a character left out
is one error and does not shift all that follow, and a short reading never counts its missing
characters as right.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import LabelError


@dataclass(frozen=True)
class ReadingScore:
    """One reading against the truth.

    The fields ending in 6 leave the province out, which leaves 6 characters (7 on green plates).

    Attributes:
        exact: every character is right and none is missing or extra.
        exact6: the same without the province.
        cer: character error rate, edits / characters of the truth; above 1 for long wrong readings.
        cer6: the same without the province.
        matches: for each character of the truth, whether the alignment finds it in the reading.
    """

    exact: bool
    exact6: bool
    cer: float
    cer6: float
    matches: tuple[bool, ...]


def score(truth: str, reading: str) -> ReadingScore:
    """Compares a reading with the truth.

    The province's place in a reading holds one character or none. So the figures without the
    province compare the truth after its first character with the reading or with the reading after
    its first character, whichever is closer.

    Args:
        truth: the plate's text, province first; at least two characters.
        reading: what a reader saw; may be empty.

    Raises:
        LabelError: the truth has fewer than two characters.
    """
    if len(truth) < 2:
        raise LabelError(f"plate text {truth!r} has fewer than two characters; check the labels")
    rest = truth[1:]
    edits = edit_distance(truth, reading)
    edits6 = min(edit_distance(rest, reading), edit_distance(rest, reading[1:]))
    return ReadingScore(
        exact=edits == 0,
        exact6=edits6 == 0,
        cer=edits / len(truth),
        cer6=edits6 / len(rest),
        matches=aligned_matches(truth, reading),
    )


def character_error_rate(truth: str, reading: str) -> float:
    """Edits (insertions, deletions, substitutions) per character of the truth; can exceed 1."""
    if not truth:
        raise LabelError("the true text is empty; check the labels")
    return edit_distance(truth, reading) / len(truth)


def character_accuracy(error_rate: float) -> float:
    """1 - CER, clipped at 0: a reading with more edits than the truth has characters scores 0.

    Clipping is per plate, before any mean. Without it one long wrong reading could outweigh a right
    one.
    """
    return max(0.0, 1.0 - error_rate)


def edit_distance(truth: str, reading: str) -> int:
    """Smallest number of insertions, deletions and substitutions from `truth` to `reading`."""
    return _distances(truth, reading)[-1][-1]


def aligned_matches(truth: str, reading: str) -> tuple[bool, ...]:
    """For each character of `truth`, whether `alignment` pairs it with an equal one.

    A missing character is no match.
    """
    return tuple(a == b for a, b in alignment(truth, reading) if a)


def alignment(truth: str, reading: str) -> list[tuple[str, str]]:
    """Pairs the characters of `truth` and `reading` with as few edits as possible.

    Where several alignments are equally cheap, the one that pairs characters (right or wrong) from
    the end backwards is taken before one that skips, so the result is unique.

    Returns:
        Pairs (true character, read character) from left to right; a missing character is read as
        "", an extra one has the truth "".
    """
    table = _distances(truth, reading)
    pairs = []
    i, j = len(truth), len(reading)
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (truth[i - 1] != reading[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], reading[j]))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", reading[j]))
    return pairs[::-1]


def majority_text(texts: Iterable[str]) -> str:
    """The most frequent character at each position: the best guess that looks at no image.

    Ties go to the character that sorts first. Positions that only some texts have (the eighth of
    green plates) are decided among those.
    """
    counts: list[Counter[str]] = []
    for text in texts:
        counts.extend(Counter() for _ in range(len(text) - len(counts)))
        for counter, character in zip(counts, text, strict=False):
            counter[character] += 1
    return "".join(min(counter, key=lambda c: (-counter[c], c)) for counter in counts)


def _distances(truth: str, reading: str) -> list[list[int]]:
    """Edit distance of every prefix of `truth` to every prefix of `reading`."""
    table = [list(range(len(reading) + 1))]
    for i, wanted in enumerate(truth, 1):
        above, row = table[-1], [i]
        for j, seen in enumerate(reading, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (wanted != seen)))
        table.append(row)
    return table

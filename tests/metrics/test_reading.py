"""Reading measures against values worked out by hand."""

import itertools

import pytest

from lpr_gfpgan.errors import LabelError
from lpr_gfpgan.metrics import (
    aligned_matches,
    alignment,
    character_accuracy,
    character_error_rate,
    edit_distance,
    majority_text,
    score,
)


@pytest.mark.parametrize(
    ("truth", "reading", "distance"),
    [
        ("", "", 0),
        ("", "AB", 2),
        ("AB", "", 2),
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("皖A12345", "皖A12345", 0),
        ("皖A12345", "A12345", 1),
        ("皖A12345", "皖A112345", 1),
        ("皖A12345", "苏B12345", 2),
    ],
)
def test_edit_distance(truth, reading, distance):
    assert edit_distance(truth, reading) == distance


def test_edit_distance_is_a_metric():
    words = ["", "A", "AB", "BA", "ABBA", "BAAB"]
    for a, b, c in itertools.product(words, repeat=3):
        assert edit_distance(a, b) == edit_distance(b, a)
        assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


def test_a_perfect_reading():
    result = score("皖A12345", "皖A12345")
    assert (result.exact, result.exact6, result.cer, result.cer6) == (True, True, 0, 0)
    assert result.matches == (True,) * 7


def test_missing_characters_are_errors():
    result = score("皖A12345", "皖A12")
    assert not result.exact and not result.exact6
    assert result.cer == pytest.approx(3 / 7) and result.cer6 == pytest.approx(3 / 6)
    assert result.matches == (True, True, True, True, False, False, False)
    empty = score("皖A12345", "")
    assert empty.cer == empty.cer6 == 1 and not any(empty.matches)


def test_one_missing_character_does_not_shift_the_rest():
    assert aligned_matches("皖A12345", "皖A1345") == (True, True, True, False, True, True, True)
    assert character_error_rate("皖A12345", "皖A1345") == pytest.approx(1 / 7)


@pytest.mark.parametrize("reading", ["苏A12345", "8A12345", "AA12345", "A12345"])
def test_the_province_alone_is_wrong_or_missing(reading):
    result = score("皖A12345", reading)
    assert not result.exact and result.exact6
    assert result.cer == pytest.approx(1 / 7) and result.cer6 == 0
    assert result.matches == (False,) + (True,) * 6


def test_no_more_than_one_character_stands_in_the_place_of_the_province():
    assert score("皖A12345", "皖苏A12345").cer6 == pytest.approx(1 / 6)


def test_long_readings_exceed_one_and_are_clipped_to_no_accuracy():
    rate = character_error_rate("皖A", "XXXXX")
    assert rate == 2.5
    assert character_accuracy(rate) == 0
    assert character_accuracy(0.25) == 0.75


def test_matches_never_exceed_what_the_distance_allows():
    for reading in ("皖A12345", "皖A1234", "A皖12354", "54321A皖", "皖皖皖"):
        matches = aligned_matches("皖A12345", reading)
        assert len(matches) == 7
        assert 7 - sum(matches) <= edit_distance("皖A12345", reading)


def test_alignment_costs_the_distance_and_loses_nothing():
    for truth, reading in itertools.product(["皖A12345", "A1", ""], ["", "A", "皖1A2345", "11"]):
        pairs = alignment(truth, reading)
        assert "".join(a for a, _ in pairs) == truth
        assert "".join(b for _, b in pairs) == reading
        assert sum(a != b for a, b in pairs) == edit_distance(truth, reading)
    assert alignment("皖A1", "A1") == [("皖", ""), ("A", "A"), ("1", "1")]
    assert alignment("A1", "A21") == [("A", "A"), ("", "2"), ("1", "1")]
    assert alignment("皖A1", "A21") == [("皖", "A"), ("A", "2"), ("1", "1")]


def test_majority_text():
    assert majority_text(["皖A1", "皖B2", "苏A2"]) == "皖A2"
    assert majority_text(["皖B", "皖A"]) == "皖A"
    assert majority_text(["皖A", "皖A7", "皖A8", "皖A8"]) == "皖A8"
    assert majority_text([]) == ""


def test_refuses_an_empty_truth():
    with pytest.raises(LabelError, match="fewer than two"):
        score("皖", "皖")
    with pytest.raises(LabelError, match="empty"):
        character_error_rate("", "A")

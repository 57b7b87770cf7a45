"""Characters, layouts and texts."""

import numpy as np
import pytest

from lpr_gfpgan.errors import LabelError
from lpr_gfpgan.plates import alphabet
from lpr_gfpgan.plates.alphabet import BLUE, GREEN, YELLOW


def test_classes_are_distinct_and_complete():
    assert len(set(alphabet.CLASSES)) == len(alphabet.CLASSES) == alphabet.NUM_CLASSES - 1
    assert len(alphabet.PROVINCES) == 31 and len(alphabet.LETTERS) == 24
    assert not set("IO") & set(alphabet.CLASSES)


def test_encode_and_decode_are_inverse():
    indices = alphabet.encode("皖A8Z0警")
    assert all(0 < i < alphabet.NUM_CLASSES for i in indices)
    assert alphabet.decode(indices) == "皖A8Z0警"
    assert alphabet.decode([0, indices[0], 0, indices[1]]) == "皖A"
    assert alphabet.encode(alphabet.CLASSES[:1]) == [1]


@pytest.mark.parametrize("text", ["", "皖A1234567", "皖A1234O", "皖Ai2345", "皖A 2345", "X·1"])
def test_encode_refuses(text):
    with pytest.raises(LabelError, match="plate text"):
        alphabet.encode(text)


@pytest.mark.parametrize("index", [-1, alphabet.NUM_CLASSES])
def test_decode_refuses(index):
    with pytest.raises(LabelError, match="outside"):
        alphabet.decode([index])


@pytest.mark.parametrize("layout", [BLUE, YELLOW, GREEN], ids=lambda layout: layout.name)
def test_layout_fills_the_plate(layout):
    boxes = np.array(layout.glyphs)
    assert boxes[0, 0] == 15.5 and layout.width - boxes[-1, 2] == pytest.approx(15.5)
    assert (boxes[1:, 0] > boxes[:-1, 2]).all()
    np.testing.assert_array_equal(boxes[:, [1, 3]], [[25, 115]] * len(boxes))


def test_blue_layout_is_the_published_one():
    starts = [x0 for x0, *_ in BLUE.glyphs]
    assert starts == [15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5]
    assert BLUE.glyphs[1][2] < BLUE.dot[0] < BLUE.glyphs[2][0]
    assert sum(BLUE.glyphs[2][i] + BLUE.glyphs[1][2 - i] for i in (0,)) / 2 == BLUE.dot[0]


@pytest.mark.parametrize(
    "text", ["皖A88888", "京AD12345", "沪B12345F", "粤BDF1234", "苏EA123学", "使123456"]
)
def test_grammatical(text):
    assert alphabet.is_grammatical(text)


@pytest.mark.parametrize(
    "text",
    ["", "A88888", "皖888888", "皖A8888", "皖AI2345", "皖A888888", "皖皖88888", "皖A88888\n"],
)
def test_not_grammatical(text):
    assert not alphabet.is_grammatical(text)


@pytest.mark.parametrize("layout", [BLUE, YELLOW, GREEN], ids=lambda layout: layout.name)
def test_random_texts_are_grammatical_and_use_every_character(layout):
    rng = np.random.default_rng(0)
    texts = [alphabet.random_text(rng, layout) for _ in range(2000)]
    assert all(alphabet.is_grammatical(t) and len(t) == len(layout.glyphs) for t in texts)
    used = set("".join(texts))
    assert used == set(alphabet.PROVINCES + alphabet.LETTERS + alphabet.DIGITS)
    counts = np.array([sum(t[0] == p for t in texts) for p in alphabet.PROVINCES])
    # Uniform within six standard deviations of a count.
    expected = 2000 / 31
    assert (np.abs(counts - expected) < 6 * np.sqrt(expected)).all()


def test_layout_of_a_text():
    assert alphabet.layout_of("皖A88888") is BLUE
    assert alphabet.layout_of("皖AD88888") is GREEN

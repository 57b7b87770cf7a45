"""A view as HTML: order, marks, bars, pictures."""

import base64
import re

import cv2
import numpy as np
import pytest

from lpr_gfpgan.explore import Residual, Subject, View, page
from lpr_gfpgan.explore.glyphs import characters as drawn_characters
from lpr_gfpgan.explore.html import error, png, reading
from lpr_gfpgan.readers import Reading


def characters(text):
    """What a reading shows: (kind, confidence, character) of each."""
    pattern = (
        r'lpr-(right|wrong|open)" title="(\d+)%"><i style="--sure: (\d+)%"></i>'
        r"((?:<span.*?</span>|.)*?)</span>"
    )
    found = re.findall(pattern, text)
    assert all(title == bar for _, title, bar, _ in found)
    return [(kind, int(bar), plain(shown)) for kind, _, bar, shown in found]


def plain(text):
    """What is left for who copies it: no tags."""
    return re.sub("<.*?>", "", text)


def test_each_character_has_its_own_bar():
    shown = reading("皖A1", Reading("皖B1", (0.9, 0.4, 1.0), 0.36))
    assert characters(shown) == [("right", 90, "皖"), ("wrong", 40, "B"), ("right", 100, "1")]
    assert "<u>B</u>" in shown and shown.count("<u>") == 1


def test_missing_and_extra_characters():
    short = characters(reading("皖A12", Reading("皖A2", (0.9, 0.8, 0.7), 0.5)))
    assert short == [("right", 90, "皖"), ("right", 80, "A"), ("wrong", 0, "_"), ("right", 70, "2")]
    long = characters(reading("皖A", Reading("皖AX", (0.9, 0.8, 0.7), 0.5)))
    assert long == [("right", 90, "皖"), ("right", 80, "A"), ("wrong", 70, "X")]
    assert characters(reading("A", Reading("", (), 0.0))) == [("wrong", 0, "_")]


def test_nothing_is_marked_without_a_truth():
    assert characters(reading(None, Reading("皖B", (0.5, 0.6), 0.3))) == [
        ("open", 50, "皖"),
        ("open", 60, "B"),
    ]
    assert reading(None, Reading("", (), 0.0)) == "nothing seen"


def test_png_keeps_every_pixel():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    data = base64.b64decode(png(image).removeprefix("data:image/png;base64,"))
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[..., ::-1], image)


@pytest.fixture
def view():
    black = np.zeros((2, 4, 3), np.uint8)
    pictures = {"degraded": black, "full": black + 1, "original": black + 2}
    return View(
        subject=Subject(image=black, quad=np.zeros((4, 2), np.float32), truth="皖A"),
        pictures=pictures,
        readings={(p, r): Reading("皖B", (0.5, 0.5), 0.25) for p in pictures for r in READ},
        residuals={"full": Residual(picture=black + 3, distance=6.14)},
        parameters=None,
    )


READ = ("direct", "judge")


def test_a_page_has_the_row_in_order_and_the_honest_sentence(view):
    text = page(view)
    assert re.findall('data-picture="(.*?)"', text) == ["degraded", "full", "original"]
    assert text.count(">direct</span>") == text.count(">judge</span>") == 3
    assert text.count("<b>25%</b>") == 6
    for image in (*view.pictures.values(), view.residuals["full"].picture):
        assert png(image) in text
    assert text.count("RMS <b>6.1</b>") == 1
    assert "A restoration shows what is likely, not what was there" in text
    assert "True text: 皖A; wrong" in plain(text)


def with_(view, **changes):
    return View(**(vars(view) | changes))


def test_a_photograph_without_truth_and_residual_says_so(view):
    subject = Subject(**(vars(view.subject) | {"truth": None, "photographed": True}))
    text = page(with_(view, subject=subject, residuals={}))
    assert "no character is marked" in text and "blur is not known, so no residual" in text
    assert "RMS" not in text and "lpr-wrong" not in text.split("</style>")[1]
    assert "is not in the residual" in page(with_(view, subject=subject))


def test_an_error_is_one_line():
    assert error("no\n memory").endswith(">no memory</div>")
    assert "grey pictures" in error("no memory", stale=True)


def test_what_users_type_is_no_markup(view):
    assert "<b>" not in error("plate text '<b>'").split("</style>")[1]
    subject = Subject(**(vars(view.subject) | {"truth": "<i>"}))
    assert "<b><i></b>" not in page(with_(view, subject=subject))


def test_provinces_are_drawn_in_the_ink_of_their_mark():
    shown = drawn_characters("皖A<é")
    assert shown.endswith(">皖</span>A&lt;é") and shown.count("url(") == 1
    data = base64.b64decode(re.search(r"base64,(.*?)\)", shown)[1])
    glyph = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert glyph.shape[2] == 4 and not glyph[..., :3].any()
    assert 0.1 < (glyph[..., 3] > 128).mean() < 0.8 and glyph[..., 3].max() == 255
    assert drawn_characters("京") != shown[: len(drawn_characters("京"))]

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.plates import PROVINCES, is_grammatical
from lpr_gfpgan.trust import KINDS, draw_non_plate, signs
from lpr_gfpgan.trust.non_plates import draw_non_plates

FAMILIES = [(kind, family) for kind, families in KINDS.items() for family in families]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_a_function_of_its_generator(kind):
    first, again, other = (
        draw_non_plate(np.random.default_rng(seed), 32, 64, kind) for seed in (1, 1, 2)
    )
    assert first.shape == (32, 64, 3) and first.dtype == np.uint8
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize("size", [(16, 32), (64, 128), (128, 128)])
def test_any_frame_can_be_filled(size):
    images, kinds = draw_non_plates(3, 9, *size)
    assert images.shape == (9, *size, 3)
    assert sorted(set(kinds)) == sorted(KINDS) and kinds.count("scene") == 3


def test_sets_of_two_seeds_share_no_picture():
    first, second = (draw_non_plates(seed, 12, 32, 64)[0] for seed in (1, 2))
    assert not {image.tobytes() for image in first} & {image.tobytes() for image in second}


@pytest.mark.parametrize(("kind", "family"), FAMILIES, ids=lambda part: str(part))
def test_every_family_varies(kind, family):
    pictures = [family(np.random.default_rng(seed), 60, 128) for seed in range(6)]
    assert all(p.shape == (60, 128, 3) and p.dtype == np.uint8 for p in pictures)
    means = np.array([p.mean((0, 1)) for p in pictures])
    assert means.std(0).max() > 3, "the draws look alike"


def test_there_are_three_kinds_of_several_families():
    assert len(KINDS) == 3 and all(len(families) >= 3 for families in KINDS.values())


def test_no_line_of_other_text_is_a_plates():
    rng = np.random.default_rng(0)
    lines = [write(rng) for write in (signs.number_text, signs.chinese_text) for _ in range(300)]
    lines += [signs.words(rng, 1) for _ in range(100)]
    assert any(set(line) & set(PROVINCES) for line in lines)
    assert not any(is_grammatical(line) for line in lines)


def test_an_unknown_kind_is_named():
    with pytest.raises(DataError, match="'cars'; choose one of texture"):
        draw_non_plate(np.random.default_rng(0), 32, 64, "cars")

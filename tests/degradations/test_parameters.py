import json
from dataclasses import fields

import pytest
import torch

from lpr_gfpgan.degradations import DegradationParameters, degrade, draw
from lpr_gfpgan.errors import DataError

SAMPLES = torch.arange(12)


@pytest.fixture
def drawn(ranges):
    width = torch.full((12,), 60.0)
    return draw(ranges(), seed=1, step=2, samples=SAMPLES, plate_width=width, size=(32, 64))


def equal(a, b):
    return all(
        torch.equal(getattr(a, f.name), getattr(b, f.name))
        and getattr(a, f.name).dtype == getattr(b, f.name).dtype
        for f in fields(a)
    )


def test_rows_replay_exactly_even_through_json(drawn, plates):
    rows = json.loads(json.dumps(drawn.to_rows()))
    again = DegradationParameters.from_rows(rows)
    assert equal(again, drawn)
    image = plates(12, 32, 64)
    a, b = (degrade(image, p, codec="exact") for p in (drawn, again))
    assert torch.equal(a, b)


def test_rows_may_carry_more_but_not_less(drawn):
    rows = [{**row, "plate": "x"} for row in drawn.to_rows()]
    assert equal(DegradationParameters.from_rows(rows), drawn)
    del rows[3]["noise_key"]
    with pytest.raises(DataError, match="noise_key"):
        DegradationParameters.from_rows(rows)


def test_select_by_position_mask_and_slice(drawn):
    mask = torch.zeros(12, dtype=torch.bool)
    mask[[2, 5]] = True
    chosen = drawn.select([2, 5])
    assert len(chosen) == 2
    assert chosen.noise_key.tolist() == drawn.noise_key[[2, 5]].tolist()
    assert equal(chosen, drawn.select(mask))
    assert equal(drawn.select(slice(2, 3)), drawn.select(torch.tensor([2])))


def test_to_a_device(drawn):
    assert equal(drawn.to("cpu"), drawn)
    assert drawn.to("meta").noise_key.device.type == "meta"


def test_none_leaves_every_bit(plates):
    image = plates(3, 32, 64)
    none = DegradationParameters.none(3, 32, 64)
    for codec in ("fast", "exact"):
        assert torch.equal(degrade(image, none, codec=codec), image)

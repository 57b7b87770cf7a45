"""tools/cost.py: its arithmetic, and that docs/scale.md holds what it prints."""

from pathlib import Path

import pytest
import torch

from lpr_gfpgan.config import load_study

from .scripts import load_script

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"


@pytest.fixture(scope="module")
def tool():
    return load_script("cost")


@pytest.mark.slow
def test_the_page_holds_what_the_script_prints(tool):
    study = load_study("paper", params=PAGE.parents[1] / "params.yaml")
    assert tool.table(study) in PAGE.read_text("utf-8")


def test_operations_are_those_of_forward_and_backward(tool):
    layer = torch.nn.Conv2d(4, 8, 3, padding=1, bias=False).to("meta")
    image = torch.zeros(1, 4, 16, 16, device="meta")
    forward = 2 * 16 * 16 * 4 * 8 * 9
    assert tool.flop_of(lambda: layer(image)) == forward
    assert tool.flop_of(lambda: layer(image).sum().backward()) == 2 * forward
    assert tool.count(layer) == 4 * 8 * 9


def test_more_cards_than_images_do_not_help(tool, monkeypatch):
    monkeypatch.setattr(tool, "ASSUMED_PEAK", 100.0)
    monkeypatch.setattr(tool, "ASSUMED_SHARE", 0.5)
    monkeypatch.setattr(tool, "ASSUMED_BANDWIDTH", {8: 70.0, 64: 63.0})
    stage = tool.Stage("any", steps=10, batch=8, flop=50.0, gradients=10.0)
    assert stage.seconds(1) == (80.0, 0.0)
    assert stage.seconds(8) == (10.0, pytest.approx(10 * 2 * 7 / 8 * 40 / 70))
    assert stage.seconds(64) == (10.0, pytest.approx(10 * 2 * 63 / 64 * 40 / 63))

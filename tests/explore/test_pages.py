"""The buttons above the sliders: the study's networks, or those that ship."""

import dataclasses

import pytest
import torch

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.restore.weights import RELEASED as SHIPPED

pages = pytest.importorskip("lpr_gfpgan.explore.pages", exc_type=ModuleNotFoundError)
w = pytest.importorskip("ipywidgets")


@pytest.fixture
def untrained(smoke_study, tmp_path):
    return dataclasses.replace(smoke_study, paths=Paths(tmp_path, "smoke"))


def parts(page):
    """The buttons, and what stands below them."""
    choice, place = page.children
    (shown,) = place.children
    return choice, shown


def shown_below(page):
    return parts(page)[1]


def test_a_trained_study_comes_first_and_the_released_weights_at_a_press(smoke_study, tmp_path):
    paths = Paths(tmp_path, "smoke")
    for own, there in (
        (paths.models, smoke_study.paths.models),
        (paths.plates, smoke_study.paths.plates),
    ):
        own.parent.mkdir(parents=True, exist_ok=True)
        own.symlink_to(there)
    page = pages.show(dataclasses.replace(smoke_study, paths=paths))
    choice, first = parts(page)
    assert choice.options == ("study smoke", pages.RELEASED) and choice.value == "study smoke"
    choice.value = pages.RELEASED
    released = shown_below(page)
    assert isinstance(released, w.HBox) and released is not first
    choice.value = "study smoke"
    assert shown_below(page) is first  # made once


def test_without_a_trained_study_the_released_weights_are_shown(untrained):
    page = pages.show(untrained)
    choice, shown = parts(page)
    assert choice.value == pages.RELEASED and isinstance(shown, w.HBox)
    choice.value = "study smoke"
    assert "no data set" in shown_below(page).value


def test_a_study_without_restorers_says_what_to_do_and_is_shown_once_it_has_them(
    smoke_study, untrained
):
    untrained.paths.plates.parent.mkdir(parents=True)
    untrained.paths.plates.symlink_to(smoke_study.paths.plates)
    page = pages.show(untrained)
    choice = parts(page)[0]
    choice.value = "study smoke"
    assert "make reproduce" in shown_below(page).value
    choice.value = pages.RELEASED
    untrained.paths.models.parent.mkdir(parents=True)
    untrained.paths.models.symlink_to(smoke_study.paths.models)
    choice.value = "study smoke"
    assert isinstance(shown_below(page), w.HBox)


def test_where_nothing_can_be_shown_the_first_says_why():
    def none():
        raise WeightsError("no weights here")

    page = pages.Pages({"one": none, "other": none}).widget
    choice, shown = parts(page)
    assert choice.value == "one" and "no weights here" in shown.value


def test_the_released_weights_have_plates_of_their_own_frame_and_their_own_readers(untrained):
    explorer = pages.released_explorer(untrained)
    assert explorer.size == (64, 128) and explorer.variants == ("full",)
    assert len(explorer.plates) == pages.CHOICES
    assert explorer.plates.folder == untrained.paths.output / "data" / "synthetic" / "explore"
    assert not untrained.paths.plates.exists()
    from lpr_gfpgan.explore import Settings
    from lpr_gfpgan.restore import Restorer

    view = explorer.render(explorer.numbered_plate(0), Settings())
    again = Restorer.from_pretrained(SHIPPED).network_frames([view.pictures["degraded"]])[0]
    assert (view.pictures["full"] == again).all()


def test_the_page_takes_the_study_s_threads(untrained, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    pages.show(untrained)
    assert asked == [untrained.settings.cpu_threads]

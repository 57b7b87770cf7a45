"""The benchmarks that are run by hand: each makes its figures from work that it really does."""

import json
import sys

from benchmarks import degradations, hyperlpr, scenes, slider

from ..needs import needs_photographs


def printed(module, monkeypatch, capsys, *options):
    """The figures that a benchmark prints."""
    monkeypatch.setattr(sys, "argv", [module.__name__, *options])
    module.main()
    return json.loads(capsys.readouterr().out)


def test_degradations_are_counted_for_every_size_and_codec(monkeypatch, capsys):
    monkeypatch.setattr(degradations, "SIZES", {(32, 64): 2, (64, 128): 4})
    asked = []
    monkeypatch.setattr(
        degradations,
        "degrade",
        lambda image, drawn, codec, real=degradations.degrade: (
            asked.append((len(image), *image.shape[2:], codec)),
            real(image, drawn, codec=codec),
        ),
    )
    result = printed(degradations, monkeypatch, capsys, "--budget", "0.01")
    assert {(b, h, w, c) for b, h, w, c in asked} == {
        (b, h, w, c) for (h, w), b in degradations.SIZES.items() for c in ("fast", "exact")
    }
    for row in result["figures"]:
        assert 0 < row["fast"] < row["draw"] and 0 < row["exact"] < row["draw"]
    assert result["commit"] and result["processor"]


def test_scenes_are_drawn_as_many_as_asked_for_and_one_that_does_not_count(monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr(
        scenes,
        "scene_of",
        lambda split, index, real=scenes.scene_of, **how: (
            drawn.append((how["height"], how["width"], index)),
            real(split, index, **how),
        ),
    )
    result = printed(scenes, monkeypatch, capsys, "--scenes", "3")
    for size in ((64, 128), (32, 64)):
        assert [d[2] for d in drawn if d[:2] == size] == [0, 0, 1, 2]
        figures = result[f"{size[0]}x{size[1]}"]
        assert all(value > 0 for value in figures.values()) and len(figures) == 2


@needs_photographs
def test_photographs_are_read_and_found(monkeypatch, capsys):
    result = printed(hyperlpr, monkeypatch, capsys, "--plates", "4", "--photos", "2")
    assert result["crops"] and result["photographs"]
    for crops in result["crops"].values():
        refined = crops["refined"]["plates"]
        assert refined["n"] <= 4 and refined["low"] <= refined["estimate"] <= refined["high"]
    read = [crops["refined"]["without province"]["estimate"] for crops in result["crops"].values()]
    assert max(read) > 50
    found = [source["plates found"] for source in result["photographs"].values()]
    assert all(0 < each["n"] <= 2 for each in found)
    assert max(each["estimate"] for each in found) == 100
    for found in result["photographs"].values():
        if found["plates found"]["estimate"]:
            assert all(0.5 <= share <= 1 for share in found["overlap of boxes, of quadrilaterals"])


def test_a_slider_is_moved_and_dragged_to_its_last_value(at_smoke_study, monkeypatch, capsys):
    written = {}
    monkeypatch.setattr(slider, "write_json", lambda path, data: written.update({path: data}))
    monkeypatch.setattr(slider, "DRAGGED", 4)
    monkeypatch.setattr(slider, "THREADS", (1,))
    result = printed(slider, monkeypatch, capsys, "--profile", "smoke", "--moves", "3")
    assert written == {slider.RESULT: result}
    for figure in result["figures"]:
        seconds = figure["seconds"]
        assert seconds["moves"] == 3 and 0 < seconds["least"] <= seconds["median"]
        dragging = figure["dragging"]
        assert dragging["last_row_is_of_last_value"] and dragging["rows_made"] >= 1

"""The benchmark of stages and curves: its counting, and its shares, on work of known size."""

import json
import time

import pytest
import torch

from benchmarks.costs import curves, limits
from benchmarks.costs.__main__ import main
from benchmarks.costs.counting import Counting
from benchmarks.costs.figure import drawn
from benchmarks.costs.limits import attainable
from benchmarks.costs.stages import measured, precision_of
from lpr_gfpgan.config import load_study
from lpr_gfpgan.training.stage import cpu_has_bfloat16
from lpr_gfpgan.training.stages import ensure_plates

LIMITS = {"float32": 1e11, "bfloat16": 4e11, "bandwidth": 1e10}


class Product:
    """A task whose step multiplies two matrices and sleeps, half of it waiting for data."""

    batch = 4

    def __init__(self):
        self.a, self.b = torch.ones(2048, 512), torch.ones(512, 1024)
        self.steps, self.spent = [], 0.0

    def step(self, step):
        self.steps.append(step)
        self.a @ self.b
        time.sleep(0.02)
        self.spent += 0.01

    def waited(self):
        return self.spent


def test_bytes_go_in_and_out_and_views_move_none():
    a, b = torch.ones(8, 4), torch.ones(4)
    with Counting() as counted:
        view = a.T.reshape(4, 8)[1:]
        view.add_(1)
    assert counted.bytes == 2 * 3 * 8 * 4  # in and out, once
    with Counting() as counted:
        torch.cat([b, b])
    assert counted.bytes == 4 * (4 + 4 + 8)


def test_operations_of_a_penalty_on_a_gradient_count_too():
    weight = torch.ones(3, 3, requires_grad=True)
    image = torch.ones(2, 3, requires_grad=True)
    product = 2 * 2 * 3 * 3
    with Counting() as counted:
        (gradient,) = torch.autograd.grad((image @ weight).square().sum(), image, create_graph=True)
        assert counted.flop == 2 * product  # forward, and the gradient of the image
        gradient.square().sum().backward()
    # Of the gradient by its two factors; then what came in is a product too: by weight and image.
    assert counted.flop == 6 * product


def test_a_stage_is_measured_by_its_own_operations():
    task = Product()
    found = measured(task, LIMITS, precision="float32", steps=5)
    assert task.steps == list(range(20))
    seconds = found["seconds_a_step"]
    assert 0.02 <= seconds < 1
    assert found["images_a_second"] == pytest.approx(4 / seconds, rel=0.02)
    assert found["share_waiting_for_data"] == pytest.approx(0.01 / seconds, abs=0.01)
    flop, size = 2**31, 4 * 2**20 * (1 + 0.5 + 2)
    assert found["gflop_a_step"] == round(flop / 1e9, 2)
    assert found["share_of_attainable_flop"] == pytest.approx(flop / seconds / 1e11, abs=2e-3)
    assert found["share_of_attainable_bandwidth"] == pytest.approx(size / seconds / 1e10, abs=2e-3)
    assert "mm" in found["largest"] and sum(found["largest"].values()) <= 1.01
    shares = list(found["largest"].values())
    assert shares == sorted(shares, reverse=True)


def test_a_bfloat16_stage_is_held_against_that_formats_limit(monkeypatch):
    if torch.cuda.is_available():
        pytest.skip("on a GPU every stage is in bfloat16")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    assert precision_of(load_study("release"), "warmup") == "float32"
    has = {"avx512_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    assert precision_of(load_study("release"), "warmup") == "bfloat16"
    assert precision_of(load_study("release"), "full") == "float32"
    assert precision_of(load_study("quick"), "warmup") == "float32"


def test_the_machine_is_asked_for_rates_and_they_are_of_the_machine():
    found = attainable(torch.device("cpu"))
    assert set(found) - {"bfloat16"} == {"float32", "bandwidth"}
    assert ("bfloat16" in found) == cpu_has_bfloat16()
    assert found["float32"] > 1e9 and found["bandwidth"] > 1e8


def test_a_format_that_the_cpu_lacks_is_not_measured(monkeypatch):
    monkeypatch.setattr(limits, "SIDE", 64)
    monkeypatch.setattr(limits, "NUMBERS", 64)
    for has in (True, False):
        found = {"amx_bf16": has}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda f=found: f, raising=False)
        assert ("bfloat16" in attainable(torch.device("cpu"))) == has


def test_curves_end_in_a_figure_of_their_lines():
    drawn_curves = {
        name: [{"what": what, "x": x, "seconds": x / 1000} for what in ("a", "b") for x in (1, 2)]
        for name in ("pixels", "batch", "plates")
    }
    panels = drawn(drawn_curves).axes
    assert [len(axes.lines) for axes in panels] == [2, 2, 2]
    assert panels[0].lines[0].get_xydata().tolist() == [[1, 1], [2, 2]]
    assert panels[1].get_xlabel() == "images in a batch"


def test_a_run_writes_stages_curves_and_a_figure_and_keeps_what_it_does_not_measure(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    ensure_plates(load_study("smoke"))
    for name, few in (("PIXELS", (1, 2)), ("BATCHES", (1, 2)), ("COUNTS", (2, 4))):
        monkeypatch.setattr(curves, name, few)
    out = tmp_path / "costs.json"

    def run(*arguments):
        always = ["costs", "--profile", "smoke", "--out", str(out)]
        monkeypatch.setattr("sys.argv", [*always, *arguments])
        main()
        return json.loads(out.read_text("utf-8"))

    found = run()
    first, *others = found["stages"]
    assert first["stage"] == "degradations" and first["images_a_second"] > 0
    assert all("left_out" in line for line in others) and len(others) == 6  # it has too few steps
    assert found["attainable"]["float32"] > 1e9 and "commit" in first
    for name, places in (("pixels", (32 * 64, 4 * 32 * 64)), ("batch", (1, 2)), ("plates", (2, 4))):
        lines = found["curves"][name]
        assert len(lines) == 4  # two curves of two points
        assert {line["x"] for line in lines} == set(places)
        assert all(line["seconds"] > 0 for line in lines)
    assert out.with_suffix(".png").stat().st_size > 1000
    again = run("--only", "curves")
    assert again["stages"] == found["stages"]
    with pytest.raises(SystemExit):
        run("--steps", "5")
    assert "--steps 5: take a multiple of 16" in capsys.readouterr().err

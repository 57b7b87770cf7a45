"""The page on speed says what the benchmarks' files say."""

import json
import re

from ..scripts import load_script


def test_the_page_holds_the_benchmarks_figures():
    speed = load_script("speed")
    page = speed.PAGE.path.read_text("utf-8")
    assert speed.PAGE.written(page, speed.figures()) == page


def test_a_line_says_which_side_is_faster_and_its_rounds():
    speed = load_script("speed")
    line = {"speedup": 1.5, "lowest_round": 1.25, "highest_round": 2, "rounds": 3}
    assert speed.ratio(line) == "1.50 [1.25, 2.00]"
    assert speed.ratio({"speedup": 0.4567}) == "0.46"
    assert speed.code(line) == "not recorded" and speed.code(line | {"commit": "a+"}) == "a+"
    assert speed.code({"speedup": 0.4567}) == ""
    assert speed.middle({"median": 0.12345}) == "0.123" and speed.middle(2.0) == "2"


def test_cases_stand_in_the_order_of_the_work_not_of_the_measuring():
    speed = load_script("speed")
    machine = {"reference": {"gfpgan": "1"}, "processor": "p", "torch": "t"}
    seconds = {"reference": 2.0, "ours": 1.0}
    lines = [
        {"case": case, "size": size, "batch": 1, "precision": "float32", "threads": 2}
        | {"speedup": 2.0, "seconds": seconds}
        for size, case in ((512, "forward"), (128, "gan_step"), (128, "forward"))
    ]
    rows = list(speed.against({"machine": machine, "lines": lines}))[4:]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| 128", "restoring"],
        ["| 128", "a step of the restorer's game"],
        ["| 512", "restoring"],
    ]


def test_a_cpu_without_bfloat16_has_one_rate():
    speed = load_script("speed")
    costs = json.loads((speed.BENCHMARKS / "costs-release.json").read_text("utf-8"))
    both = next(speed.of_stages(costs))
    assert re.search(
        r"reach \d+ GFLOP/s in float32 and \d+ GFLOP/s in bfloat16, a large copy", both
    )
    del costs["attainable"]["bfloat16"]
    one = next(speed.of_stages(costs))
    assert re.search(r"reach \d+ GFLOP/s in float32, a large copy", one)

"""The table of the contributions on photographs says what the report says."""

from ..scripts import load_script


def test_the_page_holds_the_reports_figures():
    tool = load_script("contributions")
    page = tool.PAGE.path.read_text("utf-8")
    assert tool.PAGE.written(page, tool.figures()) == page


def test_a_line_has_both_recipes_their_difference_and_a_star_for_who_may_not_judge():
    tool = load_script("contributions")

    def share(estimate):
        figure = {"estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1}
        return {tool.WITHOUT_PROVINCE: {**figure, "holm_p": 0.012}}

    read = {
        method: dict.fromkeys(tool.READERS, share(0.2 + 0.1 * place))
        for place, method in enumerate(tool.METHODS)
    }
    found = {
        "may_judge": {"here": ["hyperlpr"], "there": ["hyperlpr", "judge"]},
        "accuracy": {"all": {"motion": read}},
        "gain": {"face_recipe": {"all": {"motion": dict.fromkeys(tool.READERS, share(0.1))}}},
        "overall": {"face_recipe": {"all": dict.fromkeys(tool.READERS, share(0.05))}},
    }
    _, _, first, mean, second, _ = tool.table(found)
    cells = first.strip("| ").split(" | ")
    assert cells[:2] == ["HyperLPR", "motion"] and cells[5] == "50.0 [40.0, 60.0]"
    assert cells[6:] == ["+10.0 [+0.0, +20.0]", "0.012"]
    assert "mean of the five" in mean and "**+5.0 [-5.0, +15.0]**" in mean
    assert second.startswith("| `judge` * | motion")

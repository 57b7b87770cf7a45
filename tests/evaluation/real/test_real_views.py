"""Tables of photographed plates as the notebook shows them."""

import pytest

from lpr_gfpgan.evaluation import page, real_tables, real_views

DRAWS = {"draws": 50, "seed": 0}


@pytest.fixture(scope="module")
def rows(make_rows):
    def rule(key):
        return key["method"] != "full" or key["plate"] % 2 == 0, 0.9

    return make_rows(rule, readers=("judge", "other"))


def test_the_pooled_table_is_short_and_those_by_source_are_folded(rows):
    table = real_tables.accuracy_by_source(rows, **DRAWS)
    options = {"measure": "plate_accuracy", "title": "plates read, %"}
    pooled = real_views.overall_view(table, **options, readers=["judge"])
    assert list(pooled.index) == ["original", "degraded", "full"]
    assert list(pooled.columns) == ["untouched", "light", "strong"]
    assert pooled.loc["full", "light"].startswith("50.0 [")
    assert "details" not in page.as_html(pooled) and "n = 20" in page.as_html(pooled)
    by_source = real_views.source_view(table, **options)
    assert set(by_source.index.get_level_values("source")) == {"near", "far"}
    assert len(by_source) == 2 * 3 * 2
    assert "n = 10" in page.as_html(by_source)


def test_where_no_figure_is_defined_the_table_says_so(rows):
    table = real_tables.accuracy_by_source(rows, **DRAWS).assign(estimate=float("nan"))
    view = real_views.overall_view(table, "plate_accuracy", title="plates read")
    assert len(view) == 1 and "no figure is defined" in page.as_html(view)


def test_changes_are_counted_with_their_tests(rows):
    table = real_tables.changes_by_source(rows)
    view = real_views.change_view(table, pooled=True, readers=["judge"])
    assert list(view.columns) == ["n", "gained", "lost", "p (McNemar)", "p (Holm)"]
    line = view.loc[("judge", "light")]
    assert line["n"] == 20 and line["lost"].startswith("10 (50.0 [")
    assert line["gained"].startswith("0 (0.0 [") and line["p (McNemar)"] == "0.002"
    apart = real_views.change_view(table, pooled=False)
    assert apart.loc[("near", "other", "strong"), "lost"].startswith("5 (50.0 [")


def test_differences_show_holms_p_where_they_were_tested(make_rows):
    def rule(key):
        return key["method"] != "full" or key["plate"] % 2 == 0, 0.9

    rows = make_rows(rule, readers=("judge", "direct"))
    table = real_tables.differences_by_source(rows, **DRAWS)
    options = {"reader": "judge", "title": "differences"}
    view = real_views.difference_view(table, "plate_accuracy", **options)
    # Ten plates are lost under each of three conditions: p = 2 / 2 ** 10, three times as large.
    assert view.loc["full less degraded", "light"].startswith("-50.0 [")
    assert view.loc["full less degraded", "light"].endswith("], p = 0.0059")
    assert "n = 20" in page.as_html(view) and "Holm" in page.as_html(view)
    untested = real_views.difference_view(table, "character_accuracy", **options)
    assert "p = " not in untested.loc["full less degraded", "light"]
    assert "Holm" not in page.as_html(untested)
    apart = real_views.source_difference_view(table, "plate_accuracy", title="differences")
    assert apart.loc[("near", "judge", "full", "degraded"), "light"].endswith(", p = 0.19")


def test_failures_are_told_by_source_and_number(rows):
    table = real_tables.failure_table_by_source(rows)
    assert real_views.failure_notes(table).startswith("near: No method and no reader failed")
    where = (rows["plate"] == 12) & (rows["method"] == "full") & (rows["reader"] == "judge")
    failed = rows.assign(failure=where.map({True: "full: too dark", False: ""}))
    told = real_views.failure_notes(real_tables.failure_table_by_source(failed)).splitlines()
    assert told[0].startswith("near: No method and no reader failed")
    assert told[1].startswith("far: 3 of ") and "plate 2 (full: too dark)" in told[1]
    # KID and consistency, which leave out such a plate, are not measured here.
    assert "KID" not in told[1] and not any(text in told[1] for text in rows["text"])


def test_only_readers_that_may_judge_every_source_head_the_tables():
    readers = {"near": ["judge", "direct", "other"], "far": ["other", "direct"]}
    assert real_views.judges_of(readers) == ["other"]
    assert real_views.judges_of({"near": ["judge"], "far": []}) == []

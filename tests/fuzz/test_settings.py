"""Whatever params.yaml and real/plates.yaml say: settings, or our own error that names the key."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.evaluation.real_plates import load_settings

from .mutations import mutated

ROOT = Path(__file__).parents[2]
PARAMS = (ROOT / "params.yaml").read_text("utf-8")
CONTENT = yaml.safe_load(PARAMS)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(([], {}, [1, 2], ["full"], [[0, 1]], {"full": 1}, "full", 10**30, 1e400)),
)


def places(content, above=()):
    """Every place of a nested mapping or list."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from places(value, (*above, key))


PLACES = list(places(CONTENT))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("settings") / "params.yaml"


def load(path):
    try:
        load_study("smoke", params=path)
    except ConfigError as error:
        assert str(error).strip()


@given(place=st.sampled_from(PLACES), value=VALUES, drop=st.booleans())
def test_any_value_at_any_place_is_taken_or_named(place, value, drop, path):
    content = copy.deepcopy(CONTENT)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    if drop:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    load(path)


@given(at=st.data())
def test_damaged_files_are_taken_or_named(at, path):
    path.write_bytes(mutated(at.draw, PARAMS.encode()))
    load(path)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_taken_or_named(data, path):
    path.write_bytes(data)
    for read in (load, load_plates):
        read(path)


def load_plates(path):
    try:
        load_settings(path)
    except ConfigError as error:
        assert str(error).strip()


@given(
    content=st.dictionaries(st.sampled_from(("labels_sha256", "plates_per_source", "seed")), VALUES)
)
def test_any_values_of_the_photographs_are_taken_or_named(content, path):
    path.write_text(yaml.safe_dump(content), "utf-8")
    load_plates(path)

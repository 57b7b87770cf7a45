import re
from pathlib import Path

import pytest
import yaml

from lpr_gfpgan.config import AblationSettings, FrameSettings, build, find_root, load_study
from lpr_gfpgan.degradations import DegradationRanges
from lpr_gfpgan.errors import ConfigError

PARAMS = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture
def params(tmp_path):
    """A function that writes params.yaml with one change and returns its path."""

    def write(change):
        content = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
        change(content)
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("profile", ["smoke", "quick", "gpu", "paper"])
def test_every_profile_is_complete_and_its_degradations_are_valid(profile):
    study = load_study(profile, params=PARAMS)
    names = {"training", "mild", *study.settings.evaluation.conditions}
    assert all(isinstance(DegradationRanges(**study.ranges(n)), DegradationRanges) for n in names)
    assert study.ablation("full") == AblationSettings(
        motion_blur=True, recognition_loss=True, region="aligned"
    )


def test_profiles_agree_with_the_published_shape():
    paper = load_study("paper", params=PARAMS).settings
    assert paper.frame.size == (512, 512)
    assert paper.restorer.decoder == "frozen"
    assert (paper.prior.steps, paper.restorer.steps) == (280_000, 800_000)
    assert paper.restorer.weights.recognition == 10


def unknown_key(content):
    content["profiles"]["quick"]["prior"]["stpes"] = 5


def missing_key(content):
    del content["profiles"]["quick"]["frame"]["width"]


def wrong_type(content):
    content["profiles"]["quick"]["prior"]["steps"] = "many"


def truth_value_for_a_number(content):
    content["profiles"]["quick"]["prior"]["steps"] = True


def unknown_choice(content):
    content["profiles"]["quick"]["restorer"]["decoder"] = "thawed"


def unknown_variant(content):
    content["variants"] = ["full", "no_blur"]


def unknown_block(content):
    content["profils"] = {}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (unknown_key, "profiles.quick.prior: unknown key 'stpes'"),
        (missing_key, "profiles.quick.frame: 'width' is missing"),
        (wrong_type, "profiles.quick.prior.steps: expected int, got 'many'"),
        (truth_value_for_a_number, "profiles.quick.prior.steps: expected int, got True"),
        (unknown_choice, "restorer.decoder: 'thawed' is not one of frozen, tuned"),
        (unknown_variant, "variants: 'no_blur' is not one of"),
        (unknown_block, "params.yaml: unknown key 'profils'"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(params, change, named):
    with pytest.raises(ConfigError, match=re.escape(named)) as caught:
        load_study("quick", params=params(change))
    assert "\n" not in str(caught.value)


def test_unknown_profile_is_named():
    with pytest.raises(ConfigError, match="profile: 'huge' is not one of smoke, quick"):
        load_study("huge", params=PARAMS)


def test_unreadable_files_are_named(tmp_path):
    broken = tmp_path / "params.yaml"
    with pytest.raises(ConfigError, match="not found"):
        load_study(params=broken)
    broken.write_text("profile: [quick", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_study(params=broken)
    broken.write_text("- quick", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected named blocks"):
        load_study(params=broken)


def test_frames_are_the_base_times_a_power_of_two():
    assert FrameSettings(height=64, width=128, base_height=4, base_width=8).size == (64, 128)
    for height, width in ((48, 96), (64, 64), (4, 16)):
        with pytest.raises(ConfigError, match="power of two"):
            FrameSettings(height=height, width=width, base_height=4, base_width=8)


def test_a_number_is_no_truth_value():
    values = {"motion_blur": 1, "recognition_loss": True, "region": "none"}
    with pytest.raises(ConfigError, match="expected bool, got 1"):
        build(AblationSettings, values, "ablations.x")


def test_environment_chooses_profile_and_output(monkeypatch, tmp_path):
    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    study = load_study(params=PARAMS)
    assert study.profile == "smoke"
    assert study.paths.prior == tmp_path / "models" / "smoke" / "prior.safetensors"


def test_root_is_found_from_below_and_its_absence_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("LPR_GFPGAN_ROOT", raising=False)
    assert find_root(Path(__file__).parent) == PARAMS.parent
    with pytest.raises(ConfigError, match=r"params.yaml: not found"):
        find_root(tmp_path)

import re
from pathlib import Path

import pytest
import yaml

from lpr_gfpgan.config import find_root, load_study
from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.ranges import DegradationRanges
from lpr_gfpgan.settings import AblationSettings, FrameSettings, build

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
        degradation="training", motion_blur=True, recognition_loss=True, region="aligned"
    )


def test_variants_differ_from_full_in_what_they_are_named_after():
    study = load_study("quick", params=PARAMS)
    full = study.ablation("full")
    changes = {
        name: {k for k in vars(full) if vars(full)[k] != vars(study.ablation(name))[k]}
        for name in study.variants
    }
    assert changes == {
        "full": set(),
        "no_motion_blur": {"motion_blur"},
        "no_recognition_loss": {"recognition_loss"},
        "no_region_discriminator": {"region"},
        "fixed_region": {"region"},
        "face_recipe": {"motion_blur", "recognition_loss", "region"},
        "motion_after_noise": {"degradation"},
        "clamped_jpeg": {"degradation"},
    }
    training = study.ranges("training")
    for name, changed_keys in (
        ("motion_after_noise", {"order"}),
        ("clamped_jpeg", {"jpeg_quality", "jpeg_clamped"}),
    ):
        own = study.ranges(study.ablation(name).degradation)
        assert {key for key in training if training[key] != own[key]} == changed_keys


def test_a_name_that_stands_for_nothing_is_refused(params):
    for place, value, named in (
        ("ablations.full.degradation", "trainig", "ablations.full.degradation: 'trainig'"),
        ("baselines", ["esrgan"], "baselines: 'esrgan' is not one of plain_unet, rrdb"),
        ("baselines", [], "baselines: the list is empty"),
    ):
        with pytest.raises(ConfigError, match=f"^{re.escape(named)}"):
            load_study("quick", params=params(changed(place, value)))


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


MISSING = object()


def changed(place, value):
    """A change of params.yaml: the value at a dotted place, or its removal."""
    *above, last = place.split(".")

    def change(content):
        for key in above:
            content = content[key]
        if value is MISSING:
            del content[last]
        else:
            content[last] = value

    return change


@pytest.mark.parametrize("block", ["degradations", "classical", "ablations", "profiles"])
@pytest.mark.parametrize("value", [None, ["quick"], "quick", 3])
def test_a_block_that_is_none_is_named(params, block, value):
    with pytest.raises(ConfigError, match=f"^{block}: expected .*block.*, got ") as caught:
        load_study("quick", params=params(changed(block, value)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("training", None, "degradations.training: expected a block of settings, got None"),
        ("training", MISSING, "degradations: 'training' is missing; add it"),
        ("strong.jpeg_qualty", [1, 2], "degradations.strong: unknown key 'jpeg_qualty'; known are"),
        ("strong.jpeg_quality", MISSING, "degradations.strong: 'jpeg_quality' is missing; add it"),
        ("mild.noise_sigma", 3, "degradations.mild.noise_sigma 3: use a pair [lowest, highest]"),
        ("mild.noise_sigma", [0, "9"], "degradations.mild.noise_sigma [0, '9']: use a pair"),
        ("light.jpeg_quality", [1, 101], "degradations.light.jpeg_quality [1, 101]: stay within"),
        ("light.motion_probability", 2, "degradations.light.motion_probability 2: use a number"),
        ("light.defocus_kinds", None, "degradations.light.defocus_kinds None: use a weight"),
        ("light.order", "last", "degradations.light.order 'last': use one of physical"),
    ],
)
def test_a_mistake_in_degradations_is_named(params, place, value, named):
    with pytest.raises(ConfigError, match=f"^{re.escape(named)}") as caught:
        load_study("quick", params=params(changed(f"degradations.{place}", value)))
    assert "\n" not in str(caught.value)


NUMBER = "is out of range; give a"


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("cpu_threads", 0, NUMBER),
        ("frame.base_height", 0, NUMBER),
        ("plates.train", 0, NUMBER),
        ("plates.styles.blue", float("inf"), NUMBER),
        ("readers.crop_width", -1, NUMBER),
        ("readers.loss.split", "training", "is not one of train, judge, validation, test"),
        ("readers.judge.degradation", "milder", "'milder' is not one of broad, clamped_jpeg"),
        ("readers.direct.seed", -1, NUMBER),
        ("readers.direct.variety", 1.5, NUMBER),
        ("readers.direct.channels", [], "the list is empty; give at least one"),
        ("prior.steps", 0, NUMBER),
        ("prior.batch", 0, NUMBER),
        ("prior.learning_rate", float("nan"), NUMBER),
        ("prior.path_every", 0, NUMBER),
        ("prior.path_length", -1.0, NUMBER),
        ("prior.ema_images", 0, NUMBER),
        ("prior.discriminator.r1_every", 0, NUMBER),
        ("prior.discriminator.beta2", 1.0, NUMBER),
        ("restorer.steps", -5, NUMBER),
        ("baselines.plain_unet.channels", [], "the list is empty; give at least one"),
        ("baselines.rrdb.blocks", 0, NUMBER),
        ("baselines.rrdb.adversarial", -0.1, NUMBER),
        ("restorer.weights.l1", float("inf"), NUMBER),
        ("restorer.region.discriminator.r1_every", 0, NUMBER),
        ("evaluation.bootstrap", 0, NUMBER),
        ("evaluation.conditions", [], "the list is empty; give at least one"),
        ("evaluation.conditions", ["heavy"], "'heavy' is not one of broad, clamped_jpeg"),
    ],
)
@pytest.mark.parametrize("profile", ["quick", "gpu"])
def test_a_value_that_cannot_work_is_named_in_every_profile(params, profile, place, value, why):
    where = re.escape(f"profiles.{profile}.{place}: ")
    with pytest.raises(ConfigError, match=f"^{where}.*{re.escape(why)}") as caught:
        load_study("quick", params=params(changed(f"profiles.{profile}.{place}", value)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("seeds", [], "seeds: the list is empty"),
        ("seeds", [-1], "seeds[0]: -1 is out of range; give a number from 0"),
        ("variants", [], "variants: the list is empty"),
        ("variants", ["full"], "variants: full: the study compares 'full' with others"),
        ("variants", ["full", "full"], "variants: full, full: the study compares"),
        (
            "variants",
            ["face_recipe", "no_motion_blur"],
            "variants: face_recipe, no_motion_blur: the",
        ),
        ("variants", None, "variants: expected list, got None"),
        ("profile", None, "profile: expected str, got None"),
        ("classical.fixed_sigma", float("nan"), "classical.fixed_sigma: nan is out of range"),
        ("profiles.gpu.prior.stpes", 5, "profiles.gpu.prior: unknown key 'stpes'"),
        ("profiles.gpu", None, "profiles.gpu: expected a block of settings, got None"),
    ],
)
def test_lists_and_the_other_profiles_are_checked_too(params, place, value, named):
    with pytest.raises(ConfigError, match=f"^{re.escape(named)}"):
        load_study("quick", params=params(changed(place, value)))


@pytest.mark.parametrize(
    "place", ["restorer.weights.style", "prior.path_length", "restorer.pyramid_steps"]
)
def test_what_may_be_switched_off_may_be_zero(params, place):
    path = params(changed(f"profiles.quick.{place}", 0))
    settings = load_study("quick", params=path).settings
    for name in place.split("."):
        settings = getattr(settings, name)
    assert settings == 0
    assert load_study("quick", params=params(changed("profiles.quick.prior.discriminator.r1", 0)))


def test_degradations_stay_as_written_since_trained_weights_are_known_by_them():
    written = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))["degradations"]
    assert load_study("quick", params=PARAMS).degradations == written


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
    with pytest.raises(ConfigError, match="power of two"):
        FrameSettings(height=64, width=128, base_height=0, base_width=0)


def test_a_number_is_no_truth_value():
    values = vars(load_study("quick", params=PARAMS).ablation("full")) | {"motion_blur": 1}
    with pytest.raises(ConfigError, match="expected bool, got 1"):
        build(AblationSettings, values, "ablations.x")


def test_environment_chooses_profile_and_output(monkeypatch, tmp_path):
    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    study = load_study(params=PARAMS)
    assert study.profile == "smoke"
    assert study.paths.prior == tmp_path / "models" / "smoke" / "prior.safetensors"
    assert study.paths.degraded == tmp_path / "data" / "degraded" / "smoke"


def test_root_is_found_from_below_and_its_absence_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("LPR_GFPGAN_ROOT", raising=False)
    assert find_root(Path(__file__).parent) == PARAMS.parent
    with pytest.raises(ConfigError, match=r"params.yaml: not found"):
        find_root(tmp_path)

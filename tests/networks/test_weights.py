"""Weights files, for every kind of network."""

import hashlib
import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.networks import (
    KINDS,
    Discriminator,
    Generator,
    PlainUNet,
    PlateReader,
    RegionDiscriminator,
    Restorer,
    RRDBNet,
    load_weights,
    save_weights,
)
from lpr_gfpgan.networks.weights import FORMAT, UNCHECKED, _checksum

BUILD = {
    "generator": lambda: Generator(base=(2, 3), channels=[4, 4], code_size=6, mapping_layers=1),
    "discriminator": lambda: Discriminator(base=(2, 3), channels=[4, 4], group=2),
    "restorer": lambda: Restorer(
        base=(2, 3),
        channels_unet=[4, 2],
        channels_decoder=[4, 4],
        code_size=6,
        mapping_layers=1,
        pool_codes=True,
    ),
    "region_discriminator": lambda: RegionDiscriminator(size=(6, 8), channels=[4, 4]),
    "reader": lambda: PlateReader(
        architecture="residual", channels=[4, 4], input_size=(8, 64), num_classes=5
    ),
    "plain_unet": lambda: PlainUNet(base=(2, 3), channels=[4, 2]),
    "rrdb": lambda: RRDBNet(channels=4, growth=2, blocks=1, shuffle=2),
}
# Names and shapes of all tensors, hashed. A change makes every released file unreadable.
LAYOUT = {
    "generator": "a0918f494a152396",
    "discriminator": "2e68985c0ae4647b",
    "restorer": "06da9307529d31b1",
    "region_discriminator": "eae42e7994a4c8af",
    "reader": "c555afef01a96c08",
    "plain_unet": "41b64d59a67479e1",
    "rrdb": "866767b7ea053cc4",
}


def save(path, module, kind, /, **changes):
    arguments = {"kind": kind, "config": module.config, "provenance": {"steps": 3}, **changes}
    save_weights(path, module, **arguments)


def write(path, state, about):
    """A file that is whole, whatever it says."""
    stored = about | {"sha256": _checksum(about, state)}
    save_file(state, path, {FORMAT: json.dumps(stored)})


def test_every_kind_is_covered():
    assert set(BUILD) == set(KINDS) == set(LAYOUT)


@pytest.mark.parametrize("kind", BUILD)
def test_names_and_shapes_are_stable(kind):
    state = BUILD[kind]().state_dict()
    text = json.dumps({name: list(tensor.shape) for name, tensor in sorted(state.items())})
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == LAYOUT[kind], text


@pytest.mark.parametrize("kind", BUILD)
def test_round_trip_is_bit_equal(kind, tmp_path):
    module, path = BUILD[kind](), tmp_path / "deep" / "net.safetensors"
    module.to(memory_format=torch.channels_last)  # how a network looks after training
    save(path, module, kind)
    loaded, about = load_weights(path, kind)
    assert type(loaded) is type(module) and not loaded.training
    assert about == {"kind": kind, "config": module.config, "provenance": {"steps": 3}}
    assert list(loaded.state_dict()) == list(module.state_dict())
    for (name, a), b in zip(module.state_dict().items(), loaded.state_dict().values(), strict=True):
        assert torch.equal(a, b) and a.dtype == b.dtype, name
    assert all(p.requires_grad for p in loaded.parameters())
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]


def test_loaded_network_computes_the_same(tmp_path):
    module, path = BUILD["restorer"](), tmp_path / "net.safetensors"
    save(path, module, "restorer")
    image = torch.zeros(1, 3, 4, 6)
    assert torch.equal(load_weights(path)[0](image).image, module(image).image)


def test_half_precision_file_gives_float32(tmp_path):
    module = BUILD["generator"]()
    wide, narrow = tmp_path / "wide.safetensors", tmp_path / "narrow.safetensors"
    save(wide, module, "generator")
    save(narrow, module, "generator", dtype=torch.float16)
    assert narrow.stat().st_size < wide.stat().st_size
    loaded, _ = load_weights(narrow)
    for a, b in zip(module.state_dict().values(), loaded.state_dict().values(), strict=True):
        assert b.dtype == torch.float32
        assert torch.equal(a.half().float(), b)


def test_missing_file(tmp_path):
    with pytest.raises(WeightsError, match=r"no weights file .*absent"):
        load_weights(tmp_path / "absent.safetensors")
    with pytest.raises(WeightsError, match="no weights file"):
        load_weights(tmp_path)


@pytest.mark.parametrize("keep", [0, 5, 200, -1])
def test_truncated_file(keep, tmp_path):
    path = tmp_path / "net.safetensors"
    save(path, BUILD["generator"](), "generator")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match=r"net\.safetensors is damaged"):
        load_weights(path)


def test_some_other_file(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"not weights at all, only text that is long enough to look like a file")
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)
    save_file({"a": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match="no weights of this package"):
        load_weights(path)


def test_wrong_kind(tmp_path):
    path = tmp_path / "net.safetensors"
    save(path, BUILD["reader"](), "reader")
    with pytest.raises(WeightsError, match="holds a reader; give the file of a restorer"):
        load_weights(path, "restorer")


@pytest.mark.parametrize("change", ["shape", "missing", "extra"])
def test_tensors_that_do_not_fit_the_config(change, tmp_path):
    module, path = BUILD["discriminator"](), tmp_path / "net.safetensors"
    save(path, module, "discriminator")
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    if change == "shape":
        state["logit.weight"] = torch.zeros(1, 9)
    elif change == "missing":
        del state["logit.weight"]
    else:
        state["logit.more"] = torch.zeros(2)
    about = {"kind": "discriminator", "config": module.config, "provenance": {}}
    about = json.loads(json.dumps(about))
    write(path, state, about)
    with pytest.raises(WeightsError, match=r"logit\.(weight|more)"):
        load_weights(path)
    for field, value, word in (
        ("kind", "painter", "unknown kind 'painter'"),
        ("config", {"base": [2, 3]}, "no discriminator can be built"),
        ("config", {"base": [2], "channels": [4]}, "base"),
    ):
        write(path, module.state_dict(), {**about, field: value})
        with pytest.raises(WeightsError, match=word):
            load_weights(path)
    unchecked = json.dumps(about)
    for text in ("{", "[]", '"kind"', '{"kind": "discriminator"}', unchecked):
        save_file(module.state_dict(), path, {FORMAT: text})
        with pytest.raises(WeightsError, match="damaged"):
            load_weights(path)


@pytest.mark.parametrize("dtype", [None, torch.float16])
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_one_changed_bit_is_refused_wherever_it_is(dtype, bit, tmp_path):
    """In the tensors safetensors alone reads it without a word; in the text JSON may."""
    path = tmp_path / "net.safetensors"
    save(path, BUILD["plain_unet"](), "plain_unet", dtype=dtype)
    whole = path.read_bytes()
    tensors = 8 + int.from_bytes(whole[:8], "little")
    inside = {*range(tensors, len(whole), 7), len(whole) - 1}
    for at in sorted({*inside, *range(0, tensors, 5)}):
        data = bytearray(whole)
        data[at] ^= 1 << bit
        path.write_bytes(data)
        with pytest.raises(WeightsError) as told:
            load_weights(path)
        assert str(path) in str(told.value) and "\n" not in str(told.value)
        if at in inside:
            assert str(told.value) == (
                f"{path} is damaged (its checksum is wrong); copy or train it again"
            )
    path.write_bytes(whole)
    load_weights(path)


def test_tensors_that_changed_places_are_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    save(path, BUILD["rrdb"](), "rrdb")
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    shapes = {}
    for name, tensor in state.items():
        shapes.setdefault(tensor.shape, []).append(name)
    one, two = next(names for names in shapes.values() if len(names) > 1)[:2]
    state[one], state[two] = torch.full_like(state[two], 0.5), state[one]
    save_file(state, path, metadata)
    with pytest.raises(WeightsError, match="its checksum is wrong"):
        load_weights(path)


def test_a_file_of_the_former_format_is_told_apart(tmp_path):
    module, path = BUILD["reader"](), tmp_path / "net.safetensors"
    about = {"kind": "reader", "config": module.config, "provenance": {}}
    save_file(module.state_dict(), path, {UNCHECKED: json.dumps(about)})
    with pytest.raises(
        WeightsError, match=r"net\.safetensors is of the former format.*; delete it and train it"
    ):
        load_weights(path)


def test_equal_weights_give_equal_bytes(tmp_path):
    """What a stage makes again must have the hash it had."""
    module, contents = BUILD["reader"](), set()
    for number in range(8):
        path = tmp_path / f"{number}.safetensors"
        save(path, module, "reader", provenance={"a": 1, "b": 2, "c": 3})
        contents.add(path.read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "painter"}, "unknown kind"),
        ({"kind": "reader"}, "no reader can be built"),
        ({"config": {"base": [2, 3], "channels": [4, 6]}}, "its config asks for"),
        ({"provenance": {"when": object()}}, "must be JSON"),
        ({"provenance": {"loss": float("nan")}}, "must be JSON"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(changes, word, tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_text("the old file")
    with pytest.raises(WeightsError, match=word):
        save(path, BUILD["discriminator"](), "discriminator", **changes)
    assert path.read_text() == "the old file"
    assert len(list(tmp_path.iterdir())) == 1

"""Restoring and reading one plate, many plates, and what is none."""

import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from lpr_gfpgan import networks, plates, restore
from lpr_gfpgan.errors import ConfigError, ImageError, LprError, WeightsError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.restore import RestoredPlate, Restorer


@pytest.fixture(scope="module")
def restorer(smoke_study):
    return Restorer.from_pretrained(smoke_study.paths.restorer("full", 0), device="cpu")


@pytest.fixture(scope="module")
def crop():
    """A drawn plate, cut to its canonical box: uint8 [41, 128, 3]."""
    scene = plates.scene_of("test", 1, seed=3, height=64, width=128, styles={"blue": 1.0})
    return scene.image[12:53]


def same(first: RestoredPlate, second: RestoredPlate) -> bool:
    return (
        np.array_equal(first.frame, second.frame)
        and first.reading == second.reading
        and first.reading_restored == second.reading_restored
    )


def test_result(restorer, crop):
    result = restorer.restore(crop)
    assert result.frame.shape == (32, 64, 3) and result.frame.dtype == np.uint8
    x0, y0, x1, y1 = plates.plate_box(32, 64)
    assert result.image.shape[1] == x1 - x0 and abs(result.image.shape[0] - (y1 - y0)) < 2
    assert result.text == result.reading.text and result.text_restored is not None
    assert len(result.confidences) == len(result.text)
    assert len(result.confidences_restored) == len(result.text_restored)
    assert all(0 <= value <= 1 for value in result.confidences + result.confidences_restored)


def test_readings_are_of_the_input_and_of_the_restoration(restorer, crop):
    result = restorer.restore(crop)
    assert restorer.read(crop) == result.reading
    assert restorer.read_frames([result.frame])[0] == result.reading_restored


def test_the_network_makes_the_frame(restorer, crop):
    frame = plates.tight_to_frame(crop, 32, 64)
    with torch.inference_mode():
        expected = restorer.network(plates.image_tensor(frame[None])).image[0]
    levels = (expected.clamp(-1, 1).permute(1, 2, 0).numpy() + 1) * 127.5
    np.testing.assert_allclose(restorer.restore(crop).frame, levels, atol=0.51)


def test_the_same_input_gives_the_same_output(restorer, crop):
    torch.rand(3)  # global randomness plays no part
    assert same(restorer.restore(crop), restorer.restore(crop))


def test_array_pil_and_path_agree(restorer, crop, tmp_path):
    write_png(tmp_path / "plate.png", crop)
    expected = restorer.restore(crop)
    for picture in (Image.fromarray(crop), tmp_path / "plate.png", str(tmp_path / "plate.png")):
        assert same(restorer.restore(picture), expected)


def test_a_list_is_a_batch_in_its_order(restorer, crop):
    pictures = [crop, crop[:, ::-1].copy(), np.repeat(crop, 2, axis=1)[:, :200]] * 7
    results = restorer.restore(pictures, plate="tight")
    assert len(results) == 21 > restore.CHUNK
    for number in (0, 1, 2, 20):
        alone = restorer.restore(pictures[number], plate="tight")
        # A batch may sum in another order: one level of rounding at most.
        np.testing.assert_allclose(results[number].frame, alone.frame.astype(int), atol=1)
    assert restorer.restore([]) == []


def test_tight_accepts_any_aspect_and_stretches(restorer, crop):
    square = np.array(Image.fromarray(crop).resize((128, 128)))
    frame = restorer.frame(square, "tight")
    assert np.array_equal(frame, plates.tight_to_frame(square, 32, 64))


def test_surroundings_repeat_the_edge(restorer, crop):
    frame = restorer.frame(crop)
    assert (frame[0] == frame[1]).all() and (frame[-1] == frame[-2]).all()


@pytest.mark.parametrize("aspect", [2.2, 3.14, 5.0])
def test_without_a_word_a_plates_shape_is_tight(restorer, aspect):
    picture = np.full((40, round(40 * aspect), 3), 90, np.uint8)
    np.testing.assert_array_equal(restorer.frame(picture), restorer.frame(picture, "tight"))


def test_corners_are_rectified(restorer, crop):
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[60:101, 80:208] = crop
    quad = np.array([[80, 60], [208, 60], [208, 101], [80, 101]], float)
    frame = restorer.frame(photo, quad)
    np.testing.assert_array_equal(frame, plates.rectify(photo, quad, (32, 64)))
    box = slice(8, 24), slice(2, 62)
    difference = frame[box].astype(int) - restorer.frame(crop)[box]
    assert np.abs(difference).mean() < 1
    assert same(restorer.restore(photo, quad), restorer.restore(photo, quad.tolist()))


def test_a_list_may_have_a_plate_for_each_picture(restorer, crop):
    quad = [[0, 0], [128, 0], [128, 41], [0, 41]]
    first, second, third = restorer.restore([crop] * 3, [None, "tight", quad])
    assert same(first, second)
    assert third.frame.shape == first.frame.shape


@pytest.mark.parametrize("height", [12, 13, 500])
def test_any_size_from_twelve_rows(restorer, height):
    picture = np.full((height, round(height * 3.14), 3), 120, np.uint8)
    assert restorer.restore(picture).frame.shape == (32, 64, 3)


@pytest.mark.parametrize(
    ("picture", "plate", "message"),
    [
        (np.zeros((11, 40, 3), np.uint8), None, "at least 12"),
        (np.zeros((100, 100, 3), np.uint8), None, "four corners"),
        (np.zeros((20, 101, 3), np.uint8), None, "four corners"),
        (np.zeros((20, 60, 3), np.float32), None, "uint8"),
        (np.zeros((20, 60), np.uint8), None, "uint8"),
        (np.zeros((20, 60, 4), np.uint8), None, "uint8"),
        (np.zeros((0, 60, 3), np.uint8), "tight", "uint8"),
        (np.broadcast_to(np.uint8(0), (20_000, 60_000, 3)), None, "million"),
        (3, None, "PIL"),
        ("no-such-file.png", None, "no-such-file.png"),
        (np.zeros((20, 60, 3), np.uint8), "loose", "loose"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [9, 9]], "four points"),
        (np.zeros((90, 90, 3), np.uint8), np.full((4, 2), np.nan), "four points"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [0, 30], [80, 30], [80, 0]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [80, 0], [0, 30], [80, 30]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [40, 0], [80, 0], [0, 30]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [30, 0], [30, 9], [0, 9]], "lower than 12"),
        ([np.zeros((20, 60, 3), np.uint8)], ["tight", "tight"], "one plate for each"),
    ],
)
def test_bad_pictures_get_one_line(restorer, picture, plate, message):
    with pytest.raises(ImageError, match=message) as caught:
        restorer.restore(picture, plate)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text, no image", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_image(restorer, tmp_path, content):
    path = tmp_path / "plate.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"plate\.png"):
        restorer.restore(path)


def test_a_huge_pil_image_is_refused_before_it_is_decoded(restorer, monkeypatch):
    monkeypatch.setattr(restore, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match="million"):
        restorer.restore(Image.new("RGB", (100, 30)))


def test_without_a_reader_there_is_no_text(smoke_study, crop, tmp_path):
    path = shutil.copy(smoke_study.paths.restorer("full", 0), tmp_path / "mine.safetensors")
    restorer = Restorer.from_pretrained(path, device="cpu")
    result = restorer.restore(crop)
    assert result.text is None and result.text_restored is None
    assert result.confidences is None and result.confidences_restored is None
    with pytest.raises(WeightsError, match="reader-direct"):
        restorer.read(crop)


def test_weights_are_searched_in_order(at_smoke_study, tmp_path, monkeypatch):
    models = at_smoke_study.paths.output / "models"
    trained = at_smoke_study.paths.restorer("full", 0)
    assert restore.find_weights() == trained
    elsewhere = tmp_path / "study"
    for profile, time in (("quick", 100), ("gpu", 200)):
        copy = elsewhere / "models" / profile / trained.name
        copy.parent.mkdir(parents=True)
        shutil.copy(trained, copy)
        os.utime(copy, (time, time))
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(elsewhere))
    assert restore.find_weights() == elsewhere / "models" / "gpu" / trained.name
    assert Restorer.from_pretrained().size == (32, 64)
    released = models / "smoke" / "restorer-face_recipe-0.safetensors"
    monkeypatch.setattr(restore, "RELEASED", released)
    assert restore.find_weights() == released


def test_no_weights_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    monkeypatch.setattr(restore, "RELEASED", tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="make reproduce") as caught:
        Restorer.from_pretrained()
    assert "lpr-gfpgan train" in str(caught.value)


def test_damaged_weights(smoke_study, tmp_path):
    content = smoke_study.paths.restorer("full", 0).read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match="damaged"):
        Restorer.from_pretrained(path)
    with pytest.raises(WeightsError, match="reader"):
        Restorer.from_pretrained(smoke_study.paths.reader("judge"))
    with pytest.raises(WeightsError, match="no weights file"):
        Restorer.from_pretrained(tmp_path / "none.safetensors")


def test_weights_of_another_shape(smoke_study, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    source = smoke_study.paths.restorer("full", 0)
    with safe_open(source, "pt") as file:
        metadata = file.metadata()
    state = load_file(source)
    name = next(key for key, value in state.items() if value.ndim == 4)
    state[name] = state[name][:, :1].contiguous()
    save_file(state, tmp_path / "other.safetensors", metadata)
    with pytest.raises(WeightsError, match=name):
        Restorer.from_pretrained(tmp_path / "other.safetensors")


@pytest.mark.parametrize("name", ["toaster", "cuda:99"])
def test_unknown_device(smoke_study, name):
    with pytest.raises(ConfigError, match=name):
        Restorer.from_pretrained(smoke_study.paths.restorer("full", 0), device=name)


def test_the_networks_restorer_is_another_class(restorer):
    assert Restorer is not networks.Restorer
    assert isinstance(restorer.network, networks.Restorer)
    assert issubclass(ImageError, LprError)

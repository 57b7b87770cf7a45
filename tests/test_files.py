"""Files are written whole or not at all; faulty images are named, not decoded into nonsense."""

import json
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan import files
from lpr_gfpgan.errors import DataError, ImageError


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def test_atomic_path_replaces_only_on_success(tmp_path):
    target = tmp_path / "deep" / "note.txt"
    files.write_text(target, "old")
    with pytest.raises(RuntimeError), files.atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [p.name for p in target.parent.iterdir()] == ["note.txt"]
    files.write_text(target, "new")
    assert target.read_text() == "new"


def test_atomic_path_keeps_the_suffix_and_the_folder(tmp_path):
    with files.atomic_path(tmp_path / "a.safetensors") as temporary:
        assert temporary.suffix == ".safetensors" and temporary.parent == tmp_path
        temporary.write_bytes(b"x")
    assert (tmp_path / "a.safetensors").read_bytes() == b"x"


def test_atomic_folder_replaces_only_on_success(tmp_path):
    target = tmp_path / "set"
    with files.atomic_folder(target) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(RuntimeError), files.atomic_folder(target) as temporary:
        (temporary / "b").write_text("2")
        raise RuntimeError
    assert [p.name for p in target.iterdir()] == ["a"]
    with files.atomic_folder(target) as temporary:
        (temporary / "c").write_text("3")
    assert [p.name for p in target.iterdir()] == ["c"]
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_json_keeps_characters_and_refuses_nan(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"text": "皖A12345"})
    assert "皖A12345" in path.read_text(encoding="utf-8")
    with pytest.raises(ValueError):
        files.write_json(path, float("nan"))
    assert json.loads(path.read_text(encoding="utf-8")) == {"text": "皖A12345"}


def test_sha256_known_value_and_missing_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
    with pytest.raises(DataError, match="nothing"):
        files.sha256_of(tmp_path / "nothing")


def test_png_round_trip_is_rgb(tmp_path, picture):
    path = tmp_path / "图.png"
    files.write_png(path, picture)
    np.testing.assert_array_equal(files.read_image(path), picture)
    stored = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(stored[..., ::-1], picture)


def test_png_keeps_facts(tmp_path, picture):
    facts = {"Software": "this", "Disclaimer": "not evidence", "source": "图.png"}
    for image in (picture, picture[..., 0]):
        files.write_png(tmp_path / "a.png", image, facts)
        with Image.open(tmp_path / "a.png") as stored:
            assert stored.text == facts
            np.testing.assert_array_equal(np.asarray(stored), image)
    assert files.read_image(tmp_path / "a.png").shape == (24, 40, 3)


def test_grey_jpeg_becomes_three_channels(tmp_path, picture):
    path = tmp_path / "a.jpg"
    path.write_bytes(cv2.imencode(".jpg", picture[..., 0])[1].tobytes())
    assert files.read_image(path).shape == (24, 40, 3)


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_missing_image(tmp_path, name):
    with pytest.raises(ImageError, match="check the path"):
        files.read_image(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG", b"\xff\xd8\xff"])
def test_not_an_image(tmp_path, content):
    path = tmp_path / "note.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"note\.jpg"):
        files.read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_cut_off_image(tmp_path, picture, suffix, kept):
    path = tmp_path / f"half{suffix}"
    data = cv2.imencode(suffix, picture)[1].tobytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ImageError, match="damaged or cut off"):
        files.read_image(path)


def test_png_with_a_flipped_byte(tmp_path, picture):
    path = tmp_path / "bad.png"
    data = bytearray(cv2.imencode(".png", picture)[1].tobytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ImageError, match="damaged"):
        files.read_image(path)


@pytest.fixture(params=["baseline", "progressive", "restarts", "optimised"])
def jpeg(request):
    """A JPEG of 320 x 240 whose coded data is long enough to be damaged in its middle."""
    flags = {
        "baseline": [],
        "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
        "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 8],
        "optimised": [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    }
    pixels = np.random.default_rng(3).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(pixels, (0, 0), 2)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
    return cv2.imencode(".jpg", blurred, quality + flags[request.param])[1].tobytes()


def test_every_kind_of_whole_jpeg_is_read(tmp_path, jpeg):
    path = tmp_path / "a.jpg"
    for data in (jpeg, jpeg + b"a phone's trailer \xff\xd8\xff"):
        path.write_bytes(data)
        assert files.read_image(path).shape == (240, 320, 3)


def test_a_jpeg_with_random_bytes_in_its_middle_is_refused(tmp_path, jpeg):
    path, third = tmp_path / "a.jpg", len(jpeg) // 3
    noise = np.random.default_rng(4).integers(0, 256, third, dtype=np.uint8).tobytes()
    path.write_bytes(jpeg[:third] + noise + jpeg[2 * third :])
    with pytest.raises(ImageError, match=r"a\.jpg is damaged or cut off"):
        files.read_image(path)


def test_a_jpeg_without_its_end_marker_is_refused(tmp_path, jpeg):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg[:-2])
    with pytest.raises(ImageError, match="damaged or cut off"):
        files.read_image(path)


@pytest.mark.parametrize("middle", ["zeros", "nothing"])
def test_a_jpeg_has_no_checksum_so_other_damage_passes(tmp_path, middle):
    pixels = np.random.default_rng(3).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    path, third = tmp_path / "a.jpg", len(jpeg) // 3
    filling = bytes(third) if middle == "zeros" else b""
    path.write_bytes(jpeg[:third] + filling + jpeg[2 * third :])
    assert files.read_image(path).shape == (240, 320, 3)


@pytest.mark.parametrize("suffix", [".bmp", ".tif", ".webp", ".png", ".jpg"])
def test_no_kind_is_decoded_before_its_size_is_known(tmp_path, picture, suffix, monkeypatch):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
    assert files.read_image(path).shape == picture.shape
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="40 x 24, over the limit"):
        files.read_image(path, max_pixels=24 * 40 - 1)


def test_a_size_beyond_pillow_s_own_limit_is_named_without_a_warning(tmp_path, recwarn):
    path = tmp_path / "huge.bmp"
    header = struct.pack("<IiiHHIIiiII", 40, 50_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0)
    path.write_bytes(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header)
    with pytest.raises(ImageError, match="50000 x 40000, over the limit of 100 million"):
        files.read_image(path)
    assert not recwarn.list


@pytest.mark.parametrize("magic", [b"BM", b"II*\x00", b"MM\x00*", b"RIFF", b"GIF89a"])
@pytest.mark.parametrize("length", [0, 60])
def test_a_header_of_nonsense_is_no_image(tmp_path, magic, length, recwarn):
    path = tmp_path / "note.bmp"
    path.write_bytes(magic + bytes(length))
    with pytest.raises(ImageError, match=r"note\.bmp is no image"):
        files.read_image(path)
    assert not recwarn.list


def test_huge_image_is_refused_before_decoding(tmp_path, monkeypatch):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 40_000, 8, 2, 0, 0, 0))
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="50000 x 40000, over the limit of 100 million"):
        files.read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_limit_is_width_times_height(tmp_path, picture, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
    assert files.read_image(path, max_pixels=24 * 40).shape == (24, 40, 3)
    with pytest.raises(ImageError, match="40 x 24"):
        files.read_image(path, max_pixels=24 * 40 - 1)


@pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_write_png_refuses_other_arrays(tmp_path, image):
    with pytest.raises(ImageError, match="need uint8"):
        files.write_png(tmp_path / "a.png", image)
    assert not list(tmp_path.iterdir())


def test_image_error_is_one_line(tmp_path):
    with pytest.raises(ImageError) as caught:
        files.read_image(tmp_path / "missing.png")
    assert "\n" not in str(caught.value) and "missing.png" in str(caught.value)

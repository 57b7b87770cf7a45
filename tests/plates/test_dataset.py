"""Data sets on disk: the same bytes for the same request, whole or not at all."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.plates import alphabet, dataset, drawing, surroundings
from lpr_gfpgan.plates.dataset import PlateSet, prepare
from lpr_gfpgan.plates.splits import SPLITS, split_of

REQUEST = {
    "height": 32,
    "width": 64,
    "seed": 5,
    "counts": {"train": 40, "judge": 16, "validation": 16, "test": 24},
    "styles": {"blue": 0.8, "yellow": 0.1, "green": 0.1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("plates") / "set", workers=1, **REQUEST)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_bytes_do_not_depend_on_the_processes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "_WORTH_A_PROCESS", 1)
    asked = []
    real = dataset._in_processes
    monkeypatch.setattr(dataset, "_in_processes", lambda spec: asked.append(spec) or real(spec))
    again = prepare(tmp_path / "set", workers=3, **REQUEST)
    assert asked[0]["workers"] == 3
    assert content(again) == content(folder)
    assert sorted(content(folder)) == ["images.npy", "labels.csv", "manifest.json"]


def test_a_script_without_a_guard_may_use_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from lpr_gfpgan.plates import dataset\n"
        "dataset._WORTH_A_PROCESS = 1\n"
        f"dataset.prepare({str(tmp_path / 'set')!r}, height=32, width=64, seed=0, workers=2,\n"
        "    counts={'train': 40}, styles={'blue': 1})\n"
        "print('once')\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["once"]
    assert len(PlateSet(tmp_path / "set", "train")) == 40


def test_a_valid_set_is_kept_and_another_replaced(tmp_path):
    request = {**REQUEST, "counts": {"train": 4}, "workers": 1}
    folder = prepare(tmp_path / "set", **request)
    before = (folder / "images.npy").stat().st_mtime_ns
    prepare(folder, **request)
    assert (folder / "images.npy").stat().st_mtime_ns == before
    first = PlateSet(folder, "train").images[0].copy()

    prepare(folder, **{**request, "counts": {"train": 6}})
    assert len(PlateSet(folder, "train")) == 6
    # A scene depends on seed, split and number, not on how many there are.
    np.testing.assert_array_equal(PlateSet(folder, "train").images[0], first)
    prepare(folder, **{**request, "seed": 6})
    assert (PlateSet(folder, "train").images[0] != first).any()
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_damaged_set_is_drawn_again(tmp_path):
    request = {**REQUEST, "counts": {"train": 4}, "workers": 1}
    folder = prepare(tmp_path / "set", **request)
    whole = content(folder)
    (folder / "labels.csv").write_text("gone")
    prepare(folder, **request)
    assert content(folder) == whole


def test_a_failure_leaves_the_former_set(tmp_path, monkeypatch):
    request = {**REQUEST, "counts": {"train": 4}, "workers": 1}
    folder = prepare(tmp_path / "set", **request)
    whole = content(folder)

    def fail(split, index, **_):
        raise RuntimeError

    monkeypatch.setattr(dataset, "scene_of", fail)
    with pytest.raises(RuntimeError):
        prepare(folder, **{**request, "seed": 9})
    assert content(folder) == whole
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_failing_process_is_reported(tmp_path):
    spec = {**REQUEST, "folder": str(tmp_path / "nowhere"), "workers": 2}
    with pytest.raises(DataError, match=r"a drawing process failed .*nowhere.*workers=1"):
        list(dataset._in_processes(spec))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": {"dev": 3}}, "'dev'"),
        ({"counts": {"train": -1}}, "-1"),
        ({"counts": {}}, "empty"),
        ({"styles": {"pink": 1.0}}, "no style 'pink'"),
        ({"styles": {"blue": 0.0}}, "weights"),
        ({"styles": {}}, "weights"),
        ({"standard": 1.5}, "standard: 1.5; give a share"),
        ({"standard": float("nan")}, "standard: nan"),
    ],
)
def test_bad_requests(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        prepare(tmp_path / "set", workers=1, **{**REQUEST, **change})
    assert not list(tmp_path.iterdir())


def test_splits_are_disjoint_by_text_and_follow_the_hash(folder):
    sets = {split: PlateSet(folder, split) for split in SPLITS}
    for split, plates in sets.items():
        wanted = "train" if split == "judge" else split
        assert {split_of(text) for text in plates.table.text} == {wanted}
        assert len(plates) == REQUEST["counts"][split]
    texts = [set(sets[split].table.text) for split in ("train", "validation", "test")]
    assert len(set.union(*texts)) == sum(map(len, texts))


def test_shares_of_the_splits():
    rng = np.random.default_rng(0)
    names = [split_of(alphabet.random_text(rng, alphabet.BLUE)) for _ in range(5000)]
    shares = [names.count(split) / 5000 for split in ("train", "validation", "test")]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.02)


def test_what_is_held_out_occurs_in_test_only_and_the_judge_alone_knows_its_typeface(folder):
    for split in ("train", "judge", "validation"):
        table = PlateSet(folder, split).table
        assert (drawing.HELD_OUT_TYPEFACE in set(table.typeface)) == (split == "judge")
        assert surroundings.HELD_OUT_SURROUNDINGS not in set(table.surroundings)
        allowed = drawing.JUDGE_TYPEFACES if split == "judge" else drawing.TRAIN_TYPEFACES
        assert set(table.typeface) <= set(allowed)
        assert table.seen_surroundings.all()
        assert table.tight.mean() == 0.5
    test = PlateSet(folder, "test").table
    counts = test.groupby(["seen_typeface", "seen_surroundings", "tight"]).size()
    assert len(counts) == 8 and set(counts) == {3}
    np.testing.assert_array_equal(test.seen_typeface, test.typeface != drawing.HELD_OUT_TYPEFACE)


def test_a_share_of_what_trains_is_in_the_standard_face_and_no_test_is(folder, tmp_path):
    counts = {"train": 60, "judge": 40, "validation": 16, "test": 24}
    mixed = prepare(tmp_path / "set", workers=1, **{**REQUEST, "counts": counts, "standard": 0.6})
    for split, share in (("train", 0.6), ("judge", 0.6), ("validation", 0.0), ("test", 0.0)):
        table = PlateSet(mixed, split).table
        standard = (table.typeface == drawing.STANDARD_TYPEFACE).to_numpy()
        # Within four standard deviations of the share.
        spread = 4 * np.sqrt(share * (1 - share) / len(table))
        assert abs(standard.mean() - share) <= spread
        assert table.seen_typeface[standard].all()
    for split in ("validation", "test"):  # what tests is the same with and without
        np.testing.assert_array_equal(PlateSet(mixed, split).images, PlateSet(folder, split).images)
    assert drawing.STANDARD_TYPEFACE not in set(PlateSet(folder, "train").table.typeface)


def test_plate_rows_vary(folder):
    plates = PlateSet(folder, "train")
    boxes = plates.boxes[~plates.table.tight.to_numpy()]
    assert (boxes[:, [1, 3]].std(0) > 0.02 * REQUEST["height"]).all()


def test_batch(folder):
    plates = PlateSet(folder, "validation", verify=True)
    batch = plates.batch([3, 0, 3])
    assert batch.image.shape == (3, 3, 32, 64) and batch.image.dtype == torch.float32
    assert batch.image.is_contiguous(memory_format=torch.channels_last)
    expected = torch.from_numpy(plates.images[[3, 0, 3]].astype(np.float32) / 127.5 - 1)
    torch.testing.assert_close(batch.image.permute(0, 2, 3, 1), expected)
    assert batch.index.tolist() == [3, 0, 3] and len(batch) == 3
    assert batch.tight.tolist() == [True, False, True]
    for row, index in enumerate([3, 0, 3]):
        text = plates.table.text[index]
        assert alphabet.decode(batch.labels[row].tolist()) == text
        assert int(batch.lengths[row]) == len(text)
        scene = dataset.scene_of(
            "validation", index, **{k: REQUEST[k] for k in ("seed", "height", "width", "styles")}
        )
        assert scene.text == text
        np.testing.assert_array_equal(plates.images[index], scene.image)
        np.testing.assert_allclose(batch.quad[row], scene.quad, atol=1e-3)
        np.testing.assert_allclose(batch.box[row], scene.box, atol=1e-3)
        np.testing.assert_allclose(batch.character_boxes[row], scene.character_boxes, atol=1e-3)
    same = plates.batch(torch.tensor([3, 0, 3])).to("cpu")
    torch.testing.assert_close(same.image, batch.image)
    assert same.labels.dtype == same.lengths.dtype == torch.int64 and same.tight.dtype == torch.bool


def test_images_cannot_be_changed(folder):
    with pytest.raises(ValueError, match="read-only"):
        PlateSet(folder, "train").images[0, 0] = 0


def test_opening_refuses(folder, tmp_path):
    with pytest.raises(DataError, match=r"no data set in .*nothing; draw it"):
        PlateSet(tmp_path / "nothing", "train")
    with pytest.raises(DataError, match="no split 'dev', only train, judge"):
        PlateSet(folder, "dev")


@pytest.mark.parametrize("name", ["images.npy", "labels.csv"])
def test_damage_is_noticed(tmp_path, name):
    folder = prepare(tmp_path / "set", **{**REQUEST, "counts": {"train": 4}}, workers=1)
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(DataError, match=rf"{name} does not match its manifest"):
        PlateSet(folder, "train", verify=True)
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="draw it again"):
        PlateSet(folder, "train")


def test_manifest_says_how_it_was_drawn(folder):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["request"]["counts"] == REQUEST["counts"]
    assert {"numpy", "opencv", "lpr-gfpgan", "machine"} <= set(manifest["drawn_with"])
    assert len(manifest["request"]["recipe"]) == 64


def test_unknown_split_of_a_scene():
    with pytest.raises(DataError, match="no split 'dev'"):
        dataset.scene_of("dev", 0, seed=0, height=32, width=64, styles={"blue": 1})

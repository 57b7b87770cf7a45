"""The exported networks give what torch gives, and are not written where they do not."""

import ast
import hashlib
import json
import shutil
import sys
import textwrap

import numpy as np
import pytest
import torch

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

from lpr_gfpgan import export, networks, plates  # noqa: E402
from lpr_gfpgan.errors import DataError, ExportError, WeightsError  # noqa: E402
from lpr_gfpgan.export import write  # noqa: E402
from lpr_gfpgan.files import sha256_of  # noqa: E402
from lpr_gfpgan.readers import load_reader  # noqa: E402
from lpr_gfpgan.restore import Restorer  # noqa: E402
from lpr_gfpgan.training.pictures import to_pixels  # noqa: E402

PROVENANCE = {"data": "none", "seed": 3}
FILES = {"restorer.onnx", "reader-direct.onnx", "reader-loss.onnx", "manifest.json"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Untrained tiny networks; the noise counts for something, as after training."""
    folder = tmp_path_factory.mktemp("weights")
    restorer = networks.Restorer(
        base=(4, 8),
        channels_unet=(8, 8, 4, 4),
        channels_decoder=(8, 8, 4, 4),
        code_size=8,
        mapping_layers=1,
        pool_codes=False,
        seed=3,
    )
    with torch.no_grad():
        for name, parameter in restorer.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.3)
    save(folder / "restorer-full-0.safetensors", restorer, "restorer")
    for name, architecture in (("direct", "residual"), ("loss", "plain")):
        reader = networks.PlateReader(
            architecture=architecture,
            channels=(8, 8, 8),
            input_size=(24, 96),
            num_classes=plates.NUM_CLASSES,
            seed=4,
        )
        save(folder / f"reader-{name}.safetensors", reader, "reader")
    return folder / "restorer-full-0.safetensors"


def save(path, network, kind):
    networks.save_weights(path, network, kind=kind, config=network.config, provenance=PROVENANCE)


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory):
    return export.export(tmp_path_factory.mktemp("out") / "onnx", restorer_path=weights)


@pytest.fixture(scope="module")
def manifest(exported):
    return json.loads(exported.manifest.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def frames(weights):
    return export.degraded_plates((32, 64))


def session_of(network):
    return export.open_session(network.path.read_bytes())


@pytest.fixture
def ready_made(exported, monkeypatch):
    """Spares translating again: hands out the content of the files that `exported` wrote."""

    def to_onnx(module, size, *, input_name, output_name, notes):
        for network in (exported.restorer, *exported.readers):
            content = network.path.read_bytes()
            entries = {e.key: e.value for e in onnx.load_from_string(content).metadata_props}
            if entries["weights_sha256"] == notes["weights_sha256"]:
                return content
        raise AssertionError("no such network")

    monkeypatch.setattr(write.graph, "to_onnx", to_onnx)
    return to_onnx


def test_files(exported, manifest):
    folder = exported.manifest.parent
    assert {path.name for path in folder.iterdir()} == FILES
    assert [network.path.name for network in exported.readers] == [
        "reader-direct.onnx",
        "reader-loss.onnx",
    ]
    lines = str(exported).splitlines()
    assert len(lines) == 4 and f"{exported.restorer.largest_difference:.1e}" in lines[0]


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 8])
def test_any_batch_gives_the_restorers_frames(weights, exported, frames, batch):
    restorer = Restorer.from_pretrained(weights, device="cpu")
    expected = np.stack(restorer.network_frames(list(frames[:batch])))
    inputs = plates.image_tensor(frames[:batch]).contiguous().numpy()
    (given,) = session_of(exported.restorer).run(None, {"frame": inputs})
    assert given.shape == (batch, 3, 32, 64) and given.dtype == np.float32
    assert np.abs(given).max() <= 1
    pixels = to_pixels(torch.from_numpy(given)).astype(int)
    assert np.abs(pixels - expected).max() <= 1
    assert (pixels != expected).mean() < 1e-3


def test_the_graph_holds_the_noise_kept_with_the_weights(weights, exported, frames):
    network, _ = networks.load_weights(weights)
    inputs = plates.image_tensor(frames[:2]).contiguous()
    (given,) = session_of(exported.restorer).run(None, {"frame": inputs.numpy()})
    with torch.inference_mode():
        fixed = network(inputs).image.clamp(-1, 1)
        other = network(inputs, noise=torch.tensor([1, 2])).image.clamp(-1, 1)
    assert np.abs(given - fixed.numpy()).max() < 1e-4 < 0.05 < np.abs(given - other.numpy()).max()
    operations = {n.op_type for n in onnx.load(exported.restorer.path).graph.node}
    assert not {op for op in operations if "Random" in op or "Dropout" in op or "Bernoulli" in op}


@pytest.mark.parametrize("number", [0, 1])
def test_readers_give_log_probabilities_of_the_crop(weights, exported, frames, number):
    exported_reader = exported.readers[number]
    reader = load_reader(weights.with_name(f"{exported_reader.path.stem}.safetensors"), "reader")
    images = plates.image_tensor(frames[:5])
    quad = torch.from_numpy(plates.canonical_quad(32, 64)).float().expand(5, 4, 2)
    crops = reader.crop(images, quad).contiguous()
    (given,) = session_of(exported_reader).run(None, {"crop": crops.numpy()})
    expected = reader.logits(images, quad).detach().log_softmax(2).numpy()
    assert given.shape == (5, reader.network.steps, plates.NUM_CLASSES)
    np.testing.assert_allclose(given, expected, atol=1e-4)
    np.testing.assert_allclose(np.exp(given).sum(2), 1, atol=1e-5)


def test_the_manifests_figures_are_those_measured_again(weights, exported, manifest, frames):
    network, _ = networks.load_weights(weights)
    again = export.largest_difference(
        export.restored(network), session_of(exported.restorer), plates.image_tensor(frames)
    )
    entry = manifest["networks"]["restorer"]
    assert 0 < entry["largest_difference"] < 0.05 == entry["tolerance"]
    assert entry["largest_difference"] == pytest.approx(again * 127.5, rel=1e-3)
    assert exported.restorer.largest_difference == entry["largest_difference"]

    images = torch.cat([plates.image_tensor(frames), restored_pictures(exported, frames)])
    quad = torch.from_numpy(plates.canonical_quad(32, 64)).float().expand(len(images), 4, 2)
    for each in exported.readers:
        reader = load_reader(weights.with_name(f"{each.path.stem}.safetensors"), "reader")
        again = export.largest_difference(
            export.log_probabilities(reader.network), session_of(each), reader.crop(images, quad)
        )
        stated = manifest["networks"][each.path.stem]["largest_difference"]
        assert 0 < stated < 1e-3 and stated == pytest.approx(again, rel=1e-3)


def restored_pictures(exported, frames):
    inputs = plates.image_tensor(frames).contiguous().numpy()
    (given,) = session_of(exported.restorer).run(None, {"frame": inputs})
    return plates.image_tensor(to_pixels(torch.from_numpy(given)))


def test_the_difference_sees_every_batch_and_every_fault():
    class Session:
        """Doubles what it is given, wrongly in batches of `faulty` pictures."""

        def __init__(self, faulty, fault):
            self.faulty, self.fault = faulty, fault

        def get_inputs(self):
            return [type("Input", (), {"name": "x"})]

        def run(self, _, inputs):
            given = 2 * inputs["x"]
            return [self.fault(given) if len(given) == self.faulty else given]

    class Doubled(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    inputs = torch.rand(8, 3, 4, 4)
    assert export.largest_difference(Doubled(), Session(0, None), inputs) == 0
    for batch in export.BATCHES:
        off = export.largest_difference(Doubled(), Session(batch, lambda x: x + 0.25), inputs)
        assert off == pytest.approx(0.25)
        for fault in (lambda x: x * np.nan, lambda x: x[:-1]):
            assert export.largest_difference(Doubled(), Session(batch, fault), inputs) == np.inf


def test_manifest_describes_inputs_outputs_and_origin(weights, exported, manifest):
    assert "no evidence" in manifest["notice"] and manifest["parity"]["batches"] == [1, 2, 5]
    for name, entry in manifest["networks"].items():
        path = exported.manifest.with_name(entry["file"])
        model = onnx.load(path)
        assert entry["sha256"] == sha256_of(path)
        assert entry["weights_sha256"] == sha256_of(weights.with_name(entry["weights"]))
        assert entry["provenance"] == PROVENANCE
        assert entry["input"]["range"] == [-1, 1] and entry["input"]["colours"] == "RGB"
        for described, value in (
            (entry["input"], model.graph.input[0]),
            (entry["output"], model.graph.output[0]),
        ):
            dims = [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            assert (described["name"], described["shape"]) == (value.name, dims), name
            assert dims[0] == "batch"
        assert [o.version for o in model.opset_import if not o.domain] == [manifest["opset"]]
        assert any("no evidence" in e.value for e in model.metadata_props)
    assert manifest["networks"]["restorer"]["plate_box"] == list(plates.plate_box(32, 64))
    reader = manifest["networks"]["reader-direct"]
    assert reader["alphabet"] == plates.CLASSES and reader["blank"] == 0


def test_files_name_no_place_of_this_machine(exported):
    for network in (exported.restorer, *exported.readers):
        content = network.path.read_bytes()
        assert b".py" not in content and b"/lpr_gfpgan" not in content


def test_the_example_of_the_documentation_decodes_as_the_reader_does(
    weights, exported, frames, monkeypatch
):
    example = textwrap.dedent(
        "\n".join(line for line in export.__doc__.splitlines() if line.startswith("    "))
    )
    reader = load_reader(weights.with_name("reader-direct.safetensors"), "direct")
    images = plates.image_tensor(frames)
    quad = torch.from_numpy(plates.canonical_quad(32, 64)).float().expand(len(images), 4, 2)
    tree = ast.parse(example)
    (place,) = (
        node
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "crops"
    )
    place.value = ast.copy_location(ast.Name("given", ast.Load()), place.value)
    names = {"given": reader.crop(images, quad).contiguous().numpy()}
    monkeypatch.chdir(exported.manifest.parent)
    exec(compile(ast.fix_missing_locations(tree), "example", "exec"), names)
    expected = [reading.text for reading in reader.read(images, quad)]
    assert names["texts"] == expected and any(expected)


def test_what_differs_is_not_written(weights, exported, ready_made, monkeypatch, tmp_path):
    def spoilt(which):
        def to_onnx(module, size, **names):
            content = ready_made(module, size, **names)
            if names["output_name"] != which:
                return content
            model = onnx.load_from_string(content)
            values = max(model.graph.initializer, key=lambda i: np.prod(i.dims))
            array = onnx.numpy_helper.to_array(values) * 1.05
            values.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), values.name))
            return model.SerializeToString()

        return to_onnx

    for which in ("restored", "log_probabilities"):
        monkeypatch.setattr(write.graph, "to_onnx", spoilt(which))
        with pytest.raises(ExportError, match="differs from torch") as error:
            export.export(tmp_path / which, restorer_path=weights)
        assert "\n" not in str(error.value)
        assert not (tmp_path / which).exists()
    kept = tmp_path / "kept"
    shutil.copytree(exported.manifest.parent, kept)
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    with pytest.raises(ExportError):
        export.export(kept, restorer_path=weights, overwrite=True)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


def test_what_is_there_is_kept_unless_told_otherwise(weights, ready_made, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "reader-loss.onnx").write_text("old")
    with pytest.raises(DataError, match=r"reader-loss\.onnx is there already"):
        export.export(tmp_path, restorer_path=weights)
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt", "reader-loss.onnx"}
    export.export(tmp_path, restorer_path=weights, overwrite=True)
    assert {p.name for p in tmp_path.iterdir()} == FILES | {"notes.txt"}
    entry = json.loads((tmp_path / "manifest.json").read_text())["networks"]["reader-loss"]
    content = (tmp_path / "reader-loss.onnx").read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_a_restorer_without_readers_is_exported_alone(weights, ready_made, tmp_path):
    alone = tmp_path / "weights" / "restorer.safetensors"
    alone.parent.mkdir()
    shutil.copy(weights, alone)
    report = export.export(tmp_path / "out", restorer_path=alone)
    assert report.readers == ()
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"restorer.onnx", "manifest.json"}


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named_with_its_mend(weights, monkeypatch, tmp_path, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExportError, match=rf"{package}.*pip install onnx onnxruntime onnxscript "):
        export.export(tmp_path / "out", restorer_path=weights)
    assert not (tmp_path / "out").exists()


def test_bad_places_and_weights_are_refused(weights, tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        export.export(tmp_path / "out", restorer_path=tmp_path / "absent.safetensors")
    with pytest.raises(WeightsError, match="holds a reader"):
        export.export(
            tmp_path / "out", restorer_path=weights.with_name("reader-direct.safetensors")
        )
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is a file; give a folder"):
        export.export(tmp_path / "file", restorer_path=weights)
    assert {path.name for path in tmp_path.iterdir()} == {"file"}

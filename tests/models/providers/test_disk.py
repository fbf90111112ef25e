"""Models in a folder are found, recognised and added; what is broken or leads elsewhere is refused, in words."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from benchmarks.nothing import write_null_model
from engine.errors import InvalidModelIDError, ModelArtefactError, ModelError, ModelNotRecognisedError
from models import families
from models.manifest import MANIFEST_FILE, Preprocessing, Task
from models.providers import disk
from models.providers.disk import DiskProvider, add
from models.providers.provider import Weights
from models.session import OrtSession
from tests.models.graphs import signature, write_classifier, write_graph

Write = Callable[[str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """Weights outside of the folder of models, whose graph tells everything."""
    write_null_model(tmp_path / "named.onnx")
    return tmp_path / "named.onnx"


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """Weights outside of the folder of models, whose three classes have no names."""
    return write_classifier(tmp_path / "nameless.onnx", batch="N")


@pytest.fixture
def drop(folder: Path, named: Path) -> Write:
    """Put a copy of the named weights somewhere into the folder of models."""

    def drop_at(place: str) -> Path:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(named.read_bytes())
        return path

    return drop_at


def test_a_folder_that_does_not_exist_holds_nothing(folder: Path) -> None:
    provider = DiskProvider(folder)
    assert provider.find("any/1") is None
    assert list(provider.list()) == []
    assert not folder.exists()


def test_what_was_added_is_found(folder: Path, named: Path) -> None:
    manifest = add(folder, named, "mine/1")
    assert (manifest.id, manifest.family, manifest.task) == ("mine/1", "yolo", Task.OBJECT_DETECTION)
    assert manifest.classes == ("thing", "other")
    assert manifest.preprocessing.resize == "letterbox"
    assert manifest.sha256 == hashlib.sha256(named.read_bytes()).hexdigest()
    assert manifest.source == "named.onnx"
    found = DiskProvider(folder).find("mine/1")
    assert found is not None
    assert found.manifest == manifest
    assert found.path == folder / "mine" / "1" / "model.onnx"
    assert found.size == named.stat().st_size
    assert sorted(path.name for path in folder.rglob("*")) == ["1", "manifest.json", "mine", "model.onnx"]


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        ("null.onnx", ["null"]),
        ("model.onnx", ["model"]),
        ("mine/1.onnx", ["mine/1", "mine"]),
        ("mine/1/best.onnx", ["mine/1/best", "mine/1"]),
        ("mine/1/model.onnx", ["mine/1"]),
        ("a/b/c/d.onnx", ["a/b/c/d", "a/b/c"]),
        ("a/b/c/d/model.onnx", ["a/b/c/d"]),
    ],
)
def test_what_was_dropped_in_is_found(folder: Path, drop: Write, place: str, ids: list[str]) -> None:
    """The first id is the one that is listed; a folder with one file goes by its own name, too."""
    path = drop(place)
    provider = DiskProvider(folder)
    assert [manifest.id for manifest in provider.list()] == ids[:1]
    for model_id in ids:
        found = provider.find(model_id)
        assert found is not None
        assert found.path == path
        assert found.manifest.id == model_id
        assert found.manifest.classes == ("thing", "other")
        assert found.manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_data_outside_of_the_graph_counts(folder: Path, drop: Write) -> None:
    graph = drop("big/1/graph.onnx").stat().st_size
    provider = DiskProvider(folder)
    (folder / "big" / "1" / "data").mkdir()
    for file in ("w.bin", "data/more.bin"):
        (folder / "big" / "1" / file).write_bytes(bytes(1000))
    found = provider.find("big/1")
    assert found is not None
    assert found.size == graph + 2000
    drop("shared/a.onnx")
    drop("shared/b[1].onnx")
    for file in ("a.onnx.data", "a.data", "b[1].bin", "notes.txt"):
        (folder / "shared" / file).write_bytes(bytes(1000))
    sizes = {path.name: Weights(found.manifest, path).size for path in (folder / "shared").glob("*.onnx")}
    assert sizes == {"a.onnx": graph + 2000, "b[1].onnx": graph + 1000}


def test_what_cannot_have_an_id_is_not_listed(folder: Path, drop: Write) -> None:
    for place in (".hidden/1.onnx", "a/.hidden.onnx", "with space.onnx", "a/b/c/d/e.onnx", "a/notes.txt", "-x.onnx"):
        drop(place)
    assert DiskProvider(folder).ids() == ()
    assert DiskProvider(folder).find("a") is None


def test_a_folder_with_two_files_is_no_model(folder: Path, drop: Write) -> None:
    drop("mine/1.onnx")
    drop("mine/2.onnx")
    provider = DiskProvider(folder)
    assert provider.find("mine") is None
    assert provider.ids() == ("mine/1", "mine/2")
    drop("mine/model.onnx")
    found = provider.find("mine")
    assert found is not None
    assert found.path.name == "model.onnx"


def test_the_file_of_a_name_goes_before_the_folder(folder: Path, drop: Write) -> None:
    drop("mine/1.onnx")
    path = drop("mine.onnx")
    found = DiskProvider(folder).find("mine")
    assert found is not None
    assert found.path == path


def test_a_graph_is_looked_into_again_only_when_its_file_changes(
    folder: Path, drop: Write, nameless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop("null.onnx")
    looks: list[Path] = []

    def count(weights: Path, **options: object) -> OrtSession:
        looks.append(weights)
        return OrtSession(weights)

    monkeypatch.setattr(disk, "OrtSession", count)
    provider = DiskProvider(folder)
    assert provider.find("null") == provider.find("null")
    assert looks == [path]
    path.write_bytes(nameless.read_bytes())
    with pytest.raises(ModelNotRecognisedError):
        provider.find("null")
    assert looks == [path, path]


@pytest.mark.parametrize(
    "model_id",
    [
        *("", "/", "a/", "/a", "a//b", "..", "../a", "a/../b", "a/./b", ".a", "-a", "~/a", "C:/a", "%2e%2e/a"),
        *("a b", "a\\b", "a\n", "a\0", "ä", "a" * 201, "a/b/c/d/e"),
    ],
)
def test_what_is_no_id_is_refused(folder: Path, named: Path, model_id: str) -> None:
    with pytest.raises(InvalidModelIDError):
        DiskProvider(folder).find(model_id)
    with pytest.raises(InvalidModelIDError):
        add(folder, named, model_id)
    assert not folder.exists()


@pytest.mark.parametrize("place", ["mine.onnx", "mine/1/model.onnx", "mine/1/manifest.json"])
def test_links_that_lead_out_are_not_followed(folder: Path, named: Path, drop: Write, place: str) -> None:
    if place.startswith("mine/"):
        add(folder, named, "mine/1")
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    outside = folder.parent / "outside"
    outside.write_bytes(path.read_bytes() if path.exists() else named.read_bytes())
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
    with pytest.raises(ModelArtefactError, match="lead out") as caught:
        DiskProvider(folder).find(place.removesuffix(".onnx") if place == "mine.onnx" else "mine/1")
    assert str(folder) not in str(caught.value)


def test_folders_that_lead_out_are_not_followed(folder: Path, named: Path) -> None:
    outside = folder.parent / "outside"
    add(outside, named, "1")
    folder.mkdir()
    (folder / "mine").symlink_to(outside)
    with pytest.raises(ModelArtefactError, match="lead out"):
        DiskProvider(folder).find("mine/1")
    with pytest.raises(InvalidModelIDError):
        add(folder, named, "mine/2")
    assert DiskProvider(folder).ids() == ()
    assert not (outside / "2").exists()


def test_links_within_the_folder_work(folder: Path, drop: Write) -> None:
    (folder / "alias.onnx").symlink_to(drop("mine/1.onnx"))
    assert DiskProvider(folder).find("alias") is not None


def test_a_graph_without_names_asks_for_them(folder: Path, nameless: Path) -> None:
    with pytest.raises(ModelNotRecognisedError, match="has 3 classes and no names") as caught:
        add(folder, nameless, "mine/1")
    assert "--id mine/1 --labels coco" in str(caught.value)
    assert list(folder.rglob("*.onnx")) == []
    labels = folder.parent / "labels.txt"
    labels.write_text("red\ngreen\nblue\n", encoding="utf-8")
    manifest = add(folder, nameless, "mine/1", labels=labels)
    assert (manifest.family, manifest.classes) == ("classifier", ("red", "green", "blue"))
    assert manifest.preprocessing == Preprocessing(resize="crop", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@pytest.mark.parametrize("task", ["detect", "classify"])
def test_a_graph_without_outputs_is_of_no_family(task: str) -> None:
    assert families.recognise(signature([1, 3, 8, 8], task=task, names="{0: 'cat'}")) is None


def test_what_a_family_stumbles_over_is_told(
    folder: Path, named: Path, drop: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, named, "good/1")
    drop("odd.onnx")
    monkeypatch.setattr(families, "recognise", lambda signature: signature.outputs[9])
    with caplog.at_level(logging.WARNING):
        assert [manifest.id for manifest in DiskProvider(folder).list()] == ["good/1"]
    assert "odd is left out: The graph cannot be read" in caplog.text


def test_names_that_are_no_text_are_refused(folder: Path, tmp_path: Path, named: Path) -> None:
    """OpenCV does not survive the drawing of such a name."""
    names = r"{0: '\ud800', 1: 'b', 2: 'c'}"
    odd = tmp_path / "odd.onnx"
    mean = helper.make_node("ReduceMean", ["images"], ["output"], axes=[2, 3], keepdims=0)
    write_graph(odd, [mean], [1, 3, 8, 8], [1, 3], task="classify", names=names)
    with pytest.raises(ModelArtefactError, match=r"mine/1 can have no manifest: classes\.0: .* surrogate") as caught:
        add(folder, odd, "mine/1")
    assert str(caught.value).isascii()
    odd_file = tmp_path / os.fsdecode(b"caf\xe9.onnx")
    odd_file.write_bytes(named.read_bytes())
    with pytest.raises(ModelArtefactError, match="source: "):
        add(folder, odd_file, "mine/1")
    assert DiskProvider(folder).ids() == ()


def test_a_head_that_is_decoded_in_the_graph_is_refused(folder: Path, tmp_path: Path) -> None:
    """Shapes are those of YOLOX's raw head: cells of 4 x 4, 2 x 2 and 1, with a box, objectness and two scores."""
    head = np.full((1, 21, 7), 0.5, np.float32)
    for name, largest in (("raw", 4.0), ("decoded", 21.0)):
        head[0, 20, 2] = largest
        nodes = [
            helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["head", "nothing"], ["output"]),
        ]
        constants = {"head": head, "zero": np.zeros((), np.float32)}
        write_graph(tmp_path / f"{name}.onnx", nodes, [1, 3, 32, 32], [1, 21, 7], constants)
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb", encoding="utf-8")
    assert add(folder, tmp_path / "raw.onnx", "raw/1", labels=labels).family == "yolox"
    for family in (None, "yolox"):
        with pytest.raises(ModelNotRecognisedError, match="sizes in pixels") as caught:
            add(folder, tmp_path / "decoded.onnx", "decoded/1", labels=labels, family=family)
        assert "--decode_in_inference" in str(caught.value)


@pytest.mark.parametrize("batch", [2, "N"])
def test_a_softmax_in_the_graph_of_a_classifier_is_refused(folder: Path, tmp_path: Path, batch: int | str) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Softmax", ["mean"], ["output"], axis=1),
    ]
    (folder / "soft").mkdir(parents=True)
    write_graph(folder / "soft" / "1.onnx", nodes, [batch, 3, 8, 8], [batch, 3])
    with pytest.raises(ModelNotRecognisedError, match="sum to 1"):
        DiskProvider(folder).find("soft/1")


def test_labels_must_fit_the_graph(folder: Path, named: Path, nameless: Path) -> None:
    for weights, count in ((named, 2), (nameless, 3)):
        with pytest.raises(ModelArtefactError, match=f"has {count} classes, but there are 80 labels"):
            add(folder, weights, "mine/1", labels="coco")
    with pytest.raises(ModelArtefactError, match="cannot be read"):
        add(folder, named, "mine/1", labels="pascal")


def test_labels_rename_classes(folder: Path, named: Path) -> None:
    labels = folder.parent / "labels.txt"
    labels.write_text("hat\nno hat", encoding="utf-8")
    assert add(folder, named, "mine/1", labels=labels).classes == ("hat", "no hat")


def test_a_family_is_taken_at_its_word_only_if_the_graph_agrees(folder: Path, named: Path) -> None:
    assert add(folder, named, "mine/1", family="yolo").family == "yolo"
    with pytest.raises(ModelNotRecognisedError, match="mine/2"):
        add(folder, named, "mine/2", family="yolox")
    with pytest.raises(ModelNotRecognisedError, match="no model family 'yolo99'"):
        add(folder, named, "mine/2", family="yolo99")


def test_a_graph_of_no_family(folder: Path, tmp_path: Path) -> None:
    negative = helper.make_node("Neg", ["images"], ["output"])
    weights = write_graph(tmp_path / "strange.onnx", [negative], [1, 3, 8, 8], [1, 3, 8, 8])
    with pytest.raises(ModelNotRecognisedError, match="of no family that fits") as caught:
        add(folder, weights, "mine/1")
    assert "yolox" in str(caught.value)


def test_what_is_no_graph_is_not_added(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelArtefactError, match=r"text\.onnx cannot become mine/1"):
        add(folder, tmp_path / "text.onnx", "mine/1")
    with pytest.raises(ModelArtefactError, match=r"mine/1 cannot be stored: No such file"):
        add(folder, tmp_path / "none.onnx", "mine/1")
    assert list(folder.rglob("*")) == []


def test_nothing_is_replaced_unless_that_is_wanted(folder: Path, named: Path, drop: Write, tmp_path: Path) -> None:
    drop("dropped.onnx")
    drop("folder/1/best.onnx")
    add(folder, named, "mine/1")
    other = tmp_path / "other.onnx"
    other.write_bytes(named.read_bytes())
    for model_id in ("mine/1", "dropped", "folder/1"):
        with pytest.raises(InvalidModelIDError, match="already") as caught:
            add(folder, other, model_id)
        assert "--replace" in str(caught.value)
        add(folder, other, model_id, replace=True)
        found = DiskProvider(folder).find(model_id)
        assert found is not None
        assert found.manifest.source == "other.onnx"
        assert {path.name for path in found.path.parent.iterdir()} == {MANIFEST_FILE, found.manifest.weights}
    assert not list(folder.glob(".*"))


def test_a_replacement_that_fails_changes_nothing(folder: Path, named: Path, nameless: Path) -> None:
    manifest = add(folder, named, "mine/1")
    with pytest.raises(ModelError):
        add(folder, nameless, "mine/1", replace=True)
    found = DiskProvider(folder).find("mine/1")
    assert found is not None
    assert found.manifest == manifest
    assert not list(folder.glob(".*"))


def test_a_model_is_there_at_any_time_while_it_is_replaced(
    folder: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, named, "mine/1")
    sources: list[str] = []

    def watch(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(path: Path, *arguments: Any, **settings: Any) -> Any:
            result = change(path, *arguments, **settings)
            found = DiskProvider(folder).find("mine/1")
            assert found is not None
            assert hashlib.sha256(found.path.read_bytes()).hexdigest() == found.manifest.sha256
            sources.append(found.manifest.source)
            return result

        return changed

    for name in ("rename", "replace", "unlink"):
        monkeypatch.setattr(Path, name, watch(getattr(Path, name)))
    graph = onnx.load(named)
    graph.doc_string = "another one"
    onnx.save(graph, folder.parent / "other.onnx")
    add(folder, folder.parent / "other.onnx", "mine/1", replace=True)
    assert sources == [named.name, "other.onnx", "other.onnx"]
    assert len(list((folder / "mine/1").iterdir())) == 2
    assert not list(folder.glob(".*"))


def test_what_was_there_stays_when_its_replacement_cannot_take_its_place(
    folder: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = add(folder, named, "mine/1")
    replace = Path.replace

    def refuse_manifest(path: Path, target: Path) -> Path:
        if path.name == MANIFEST_FILE:
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_manifest)
    with pytest.raises(ModelArtefactError, match=r"mine/1 cannot be stored: Permission denied\."):
        add(folder, named, "mine/1", replace=True)
    found = DiskProvider(folder).find("mine/1")
    assert found is not None
    assert found.manifest == manifest
    assert {file.name for file in (folder / "mine/1").iterdir()} == {MANIFEST_FILE, manifest.weights}


def test_a_manifest_that_is_replaced_while_it_is_read_is_read_again(
    folder: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = add(folder, named, "mine/1")
    new = add(folder, named, "mine/1", replace=True)
    answers = iter((old, new))
    monkeypatch.setattr(disk, "_read_manifest", lambda _id, _path: next(answers))
    found = DiskProvider(folder).find("mine/1")
    assert found is not None
    assert found.manifest == new


def test_models_do_not_lie_in_each_other(folder: Path, named: Path) -> None:
    add(folder, named, "mine/1")
    with pytest.raises(InvalidModelIDError, match="in another model"):
        add(folder, named, "mine/1/2")
    with pytest.raises(InvalidModelIDError, match="folder of other models"):
        add(folder, named, "mine", replace=True)
    (folder / "mine" / "1" / "spare.onnx").write_bytes(named.read_bytes())
    assert DiskProvider(folder).find("mine/1/spare") is None
    assert DiskProvider(folder).ids() == ("mine/1",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "Invalid JSON"),
        ('{"id": "mine/1"', "Invalid JSON"),
        ('{"id": "mine/1"}', "family: Field required"),
        ("[]", "the file"),
    ],
)
def test_a_broken_manifest_is_told(
    folder: Path, named: Path, caplog: pytest.LogCaptureFixture, content: str, says: str
) -> None:
    add(folder, named, "good/1")
    add(folder, named, "mine/1")
    (folder / "mine" / "1" / "manifest.json").write_text(content, encoding="utf-8")
    provider = DiskProvider(folder)
    with pytest.raises(ModelArtefactError) as caught:
        provider.find("mine/1")
    assert caught.value.message.startswith("The manifest of mine/1 is broken: ")
    assert says in caught.value.message
    with caplog.at_level(logging.WARNING):
        assert [manifest.id for manifest in provider.list()] == ["good/1"]
    assert "mine/1 is left out" in caplog.text
    assert provider.ids() == ("good/1", "mine/1")


def test_a_manifest_without_weights(folder: Path, named: Path) -> None:
    add(folder, named, "mine/1")
    (folder / "mine" / "1" / "model.onnx").unlink()
    with pytest.raises(ModelArtefactError, match=r"mine/1 has a manifest but no model\.onnx"):
        DiskProvider(folder).find("mine/1")


def test_a_model_may_be_moved(folder: Path, named: Path) -> None:
    add(folder, named, "mine/1")
    (folder / "mine").rename(folder / "yours")
    found = DiskProvider(folder).find("yours/1")
    assert found is not None
    assert found.manifest.id == "yours/1"


KILLED = """
import shutil, sys, time
from pathlib import Path
from typing import Any
from models.providers.disk import add

def copy_half(source, target):
    Path(target).write_bytes(Path(source).read_bytes()[:100])
    print("half", flush=True)
    time.sleep(60)

shutil.copyfile = copy_half
add(Path(sys.argv[1]), Path(sys.argv[2]), "mine/1", replace=True)
"""


@pytest.mark.parametrize("was_there", [False, True])
def test_a_kill_leaves_no_half_model(folder: Path, named: Path, was_there: bool) -> None:
    before = add(folder, named, "mine/1") if was_there else None
    child = subprocess.Popen([sys.executable, "-c", KILLED, folder, named], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        os.kill(child.pid, signal.SIGKILL)
    found = DiskProvider(folder).find("mine/1")
    assert (found and found.manifest) == before
    assert DiskProvider(folder).ids() == (("mine/1",) if was_there else ())
    assert add(folder, named, "mine/1", replace=True).classes == ("thing", "other")

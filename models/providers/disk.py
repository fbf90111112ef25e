"""Models in a folder: added with a manifest, or dropped in by hand and recognised by what their graph says.

NAME/1/model.onnx + manifest.json     added
NAME/1.onnx                           dropped in
NAME/1/anything.onnx                  dropped in, when it is the only one there
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from engine.errors import InvalidModelIDError, ModelArtefactError, ModelError, ModelNotRecognisedError
from models import families
from models.families.family import Recognition, image_input
from models.labels import labels as read_labels
from models.manifest import MANIFEST_FILE, WEIGHTS_FILE, Manifest
from models.preprocessing import prepare_batch
from models.providers.provider import Weights
from models.session import CPU, OrtSession

MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}")
MAX_ID_LENGTH = 200
MAX_MANIFEST_BYTES = 8 << 20
MAX_GRAPHS_REMEMBERED = 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Graph:
    """What a file of weights says of itself."""

    recognition: Recognition | None
    sha256: str


class DiskProvider:
    """The models in a folder, which need not exist. Nothing outside of it is read, wherever links in it lead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A look takes as long as loading the graph does; time and size tell whether a file is still the one looked at.
        self._look = lru_cache(MAX_GRAPHS_REMEMBERED)(lambda weights, _time, _size: _look_into(weights))

    def find(self, model_id: str) -> Weights | None:
        """The weights of this model; None when it is not in the folder.

        Raises:
            InvalidModelIDError: that is no id.
            ModelNotRecognisedError: it has no manifest, and its graph does not tell enough.
            ModelArtefactError: its manifest or its weights are broken or absent, or lie elsewhere.
        """
        check_id(model_id)
        place = self._folder / model_id
        if (place / MANIFEST_FILE).exists():
            return self._added(model_id, place)
        dropped = _dropped_in(place)
        if dropped is None:
            return None
        self._refuse_links_out(model_id, dropped)
        stat = dropped.stat()
        graph = self._look(dropped, stat.st_mtime_ns, stat.st_size)
        return Weights(_make_manifest(model_id, graph, "dropped in", None), dropped)

    def _added(self, model_id: str, place: Path) -> Weights:
        """The weights that a manifest names. It may be replaced just after it was read, and is read again then."""
        self._refuse_links_out(model_id, place / MANIFEST_FILE)
        manifest = _read_manifest(model_id, place / MANIFEST_FILE)
        if not (place / manifest.weights).is_file():
            manifest = _read_manifest(model_id, place / MANIFEST_FILE)
        weights = place / manifest.weights
        self._refuse_links_out(model_id, weights)
        if not weights.is_file():
            raise ModelArtefactError(f"{model_id} has a manifest but no {weights.name}.", hint="Add it again.")
        return Weights(manifest, weights)

    def list(self) -> Iterator[Manifest]:
        """What is known of every model that can be found; what is wrong with the others is logged."""
        for model_id in self.ids():
            try:
                weights = self.find(model_id)
            except ModelError as error:
                log.warning("%s is left out: %s", model_id, error)
            else:
                if weights is not None:
                    yield weights.manifest

    def ids(self) -> tuple[str, ...]:
        """All ids in the folder, of good and of broken models; that of a file is its path without the ending."""
        found = set()
        for root, _, files in os.walk(self._folder):
            place = Path(root).relative_to(self._folder)
            for file in files:
                if file == MANIFEST_FILE or (file == WEIGHTS_FILE and place.name):
                    found.add(place.as_posix())
                elif file.endswith(".onnx") and MANIFEST_FILE not in files:
                    found.add((place / file.removesuffix(".onnx")).as_posix())
        return tuple(sorted(model_id for model_id in found if _is_id(model_id)))

    def _refuse_links_out(self, model_id: str, *files: Path) -> None:
        if not all(_is_inside(file, self._folder) for file in files):
            raise ModelArtefactError(
                f"The files of {model_id} are links that lead out of the folder of models.",
                hint="Copy what they point to: `penstock models add` does.",
            )


def check_id(model_id: str) -> None:
    """Let ids pass, and so no path that leads anywhere else.

    Raises:
        InvalidModelIDError: for anything else.
    """
    if not _is_id(model_id):
        raise InvalidModelIDError(
            f"{model_id[:MAX_ID_LENGTH]!r} is no model id.",
            hint=f"An id is one to four names with / between, such as mine/1: letters, digits and . _ -, "
            f"{MAX_ID_LENGTH} characters at most.",
        )


def add(
    folder: Path,
    file: Path,
    model_id: str,
    *,
    family: str | None = None,
    labels: str | Path | None = None,
    replace: bool = False,
) -> Manifest:
    """Copy weights into the folder of models, with a manifest. Cut short at any time, it leaves no half model.

    Args:
        folder: of models.
        file: an ONNX graph that has all its data in itself.
        model_id: what to call it.
        family: the one family that it may be of; None lets the graph tell.
        labels: the names of its classes, see `models.labels.labels`; None lets the graph tell.
        replace: take the place of a model of this id.

    Raises:
        InvalidModelIDError: that is no id, or not a free one.
        ModelNotRecognisedError: the graph does not tell enough, or not what is claimed.
        ModelArtefactError: the weights or the labels are broken or do not fit each other, or cannot be stored.
    """
    names = None if labels is None else read_labels(labels)
    with arriving(folder, model_id, replace=replace) as place:
        # Weights that take the place of others lie beside them for a moment.
        weights = place / (f"model-{secrets.token_hex(4)}.onnx" if replace else WEIGHTS_FILE)
        shutil.copyfile(file, weights)
        _sync(weights)
        try:
            graph = _look_into(weights, family)
        except ModelArtefactError as error:
            raise ModelArtefactError(
                f"{file.name} cannot become {model_id}: it cannot be loaded.", hint=error.hint
            ) from error
        manifest = _make_manifest(model_id, graph, file.name, names).model_copy(update={"weights": weights.name})
        write_manifest(place, manifest)
    return manifest


@contextmanager
def arriving(folder: Path, model_id: str, *, replace: bool = False) -> Iterator[Path]:
    """An empty folder that becomes the model's, at once, when the block ends well, and vanishes otherwise.

    Of a model that is replaced, either the old files or the new ones are there at any time.

    Raises:
        InvalidModelIDError: that is no id, or not a free one.
        ModelArtefactError: the block or we ourselves cannot read or write a file.
    """
    check_id(model_id)
    place = folder / model_id
    # Names that start with a dot are no ids, so whatever is left behind by a killed process is never taken for a model.
    new = folder / f".{secrets.token_hex(8)}"
    try:
        _refuse_taken(folder, model_id, replace=replace)
        new.mkdir(parents=True)
        yield new
        place.parent.mkdir(parents=True, exist_ok=True)
        if replace and place.exists():
            _move_in(new, place)
        else:
            new.rename(place)
    except OSError as error:
        raise ModelArtefactError(
            f"{model_id} cannot be stored: {error.strerror or error}.",
            hint="Look at the file, the folder of models and the disk.",
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _move_in(new: Path, place: Path) -> None:
    """Move the files of a model beside those of another; the manifest, which says whose turn it is, comes last."""
    before, files = list(place.iterdir()), [file for file in new.iterdir() if file.name != MANIFEST_FILE]
    try:
        for file in files:
            file.replace(place / file.name)
        (new / MANIFEST_FILE).replace(place / MANIFEST_FILE)
    except OSError:
        for file in files:
            (place / file.name).unlink(missing_ok=True)
        raise
    for file in before:
        if file.name != MANIFEST_FILE:
            file.unlink(missing_ok=True)


def write_manifest(place: Path, manifest: Manifest) -> None:
    """Put a manifest beside its weights."""
    path = place / MANIFEST_FILE
    path.write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    _sync(path)


def _is_id(text: str) -> bool:
    return len(text) <= MAX_ID_LENGTH and MODEL_ID.fullmatch(text) is not None


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _sync(path: Path) -> None:
    """Wait until a file is on the disk: after a power cut, a folder that was renamed must have its files."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _refuse_taken(folder: Path, model_id: str, *, replace: bool) -> None:
    """Models do not lie in each other, and do not take each other's place unless that is wanted."""
    place = folder / model_id
    above = [parent for parent in place.parents if parent.is_relative_to(folder) and (parent / MANIFEST_FILE).exists()]
    if above or not _is_inside(place, folder):
        raise InvalidModelIDError(f"{model_id} would lie in another model or outside.", hint="Choose another id.")
    if place.is_dir() and any(child.is_dir() for child in place.iterdir()):
        raise InvalidModelIDError(
            f"{model_id} is a folder of other models.", hint=f"Choose an id such as {model_id}/new."
        )
    if not replace and ((place.is_dir() and any(place.iterdir())) or _dropped_in(place)):
        raise InvalidModelIDError(f"There is a model {model_id} already.", hint="Choose another id, or use --replace.")


def _dropped_in(place: Path) -> Path | None:
    """The weights without a manifest that go by the id of this place."""
    file = place.with_name(f"{place.name}.onnx")
    if (place / WEIGHTS_FILE).is_file():
        return place / WEIGHTS_FILE
    if file.is_file() and not (place.parent / MANIFEST_FILE).exists():
        return file
    graphs = [path for path in place.glob("*.onnx") if not path.name.startswith(".")]
    return graphs[0] if len(graphs) == 1 else None


def _look_into(weights: Path, family: str | None = None) -> Graph:
    session = OrtSession(weights, providers=(CPU,), threads=1)
    reader = families.family(family) if family else families
    try:
        recognition = reader.recognise(session.signature)
        if recognition is not None:
            _try_out(session, recognition)
    except ModelNotRecognisedError:
        raise
    except Exception as error:  # graphs come from strangers, and one of them must not keep the others from being listed
        raise ModelArtefactError(
            "The graph cannot be read: what it says of itself is odd, or it does not run.",
            hint="Export it anew, or look at its metadata.",
        ) from error
    with weights.open("rb") as file:
        return Graph(recognition, hashlib.file_digest(file, "sha256").hexdigest())


def _try_out(session: OrtSession, recognition: Recognition) -> None:
    """Raise ModelNotRecognisedError when what the graph gives for a grey picture is not what its family reads."""
    check, port = families.family(recognition.family).check, image_input(session.signature)
    if check is None or port is None or port.height is None or port.width is None:
        return
    grey = [np.full((port.height, port.width, 3), recognition.preprocessing.pad, np.uint8)] * (port.batch or 1)
    batch, _ = prepare_batch(grey, recognition.preprocessing, (port.height, port.width))
    check(session.run({port.name: batch})[0])


def _make_manifest(model_id: str, graph: Graph, source: str, names: tuple[str, ...] | None) -> Manifest:
    recognition = graph.recognition
    if recognition is None:
        raise ModelNotRecognisedError(
            f"The graph of {model_id} is of no family that fits.",
            hint=f"Families are {', '.join(family.name for family in families.FAMILIES)}.",
        )
    classes = names or recognition.classes
    if classes is None:
        raise ModelNotRecognisedError(
            f"The graph of {model_id} has {recognition.class_count} classes and no names for them.",
            hint=f"Name them: `penstock models add FILE --id {model_id} --labels coco`, or imagenet, or a text file; "
            "with --replace, if the weights were dropped in.",
        )
    if len(classes) != recognition.class_count:
        raise ModelArtefactError(
            f"The graph of {model_id} has {recognition.class_count} classes, but there are {len(classes)} labels.",
            hint="Give the labels that it was trained with.",
        )
    try:
        return Manifest(
            id=model_id,
            family=recognition.family,
            task=families.family(recognition.family).task,
            classes=classes,
            preprocessing=recognition.preprocessing,
            sha256=graph.sha256,
            source=source,
        )
    except ValidationError as error:
        raise ModelArtefactError(
            f"{model_id} can have no manifest: {_first(error)}.", hint="Mend it in the graph, or name the classes anew."
        ) from None


def _read_manifest(model_id: str, path: Path) -> Manifest:
    """A manifest; where it lies, and not what it says, is the id of the model, so that people may move folders."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MANIFEST_BYTES)
        return Manifest.model_validate_json(content).model_copy(update={"id": model_id})
    except ValidationError as error:
        problem = _first(error)
    except OSError as error:
        problem = f"it cannot be read: {error.strerror}"
    raise ModelArtefactError(
        f"The manifest of {model_id} is broken: {problem}.", hint="Mend it, or add the model again with --replace."
    )


def _first(error: ValidationError) -> str:
    """The first thing that is wrong with a manifest, and where."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'].removeprefix('Value error, ')}"

"""The models in memory: each is loaded once however many ask, and what nobody uses makes room for others."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches

from engine.errors import ModelArtefactError, ModelNotFoundError, ServerBusyError
from models.manifest import Task
from models.model import Model
from models.providers.provider import Provider, Weights

MAX_LOADS = 8
"""Models that may be on their way at once, so that sources which never answer do not collect threads."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory.

    Attributes:
        batch_size: how many pictures the graph takes at a time; None when any number.
        input_height, input_width: of the input tensor, in pixels.
        device: the execution provider that runs it.
        reason: why it is not on a GPU; None when it is.
        bytes: the size of the weights file.
        load_seconds: what loading took, with the search for the weights.
        uses: how often it was leased.
    """

    id: str
    task: Task
    batch_size: int | None
    input_height: int
    input_width: int
    device: str
    reason: str | None
    bytes: int
    load_seconds: float
    uses: int


@dataclass(slots=True, eq=False)
class _Entry:
    """A model that is in memory or on its way there.

    Attributes:
        model: comes when it is loaded, or fails.
        bytes: None until the weights are found; from then on it takes a place.
        users: leases, also of those who wait for it to load.
        unwanted: removed while it was still loading.
    """

    id: str
    model: Future[Model] = field(default_factory=Future)
    bytes: int | None = None
    users: int = 0
    uses: int = 0
    load_seconds: float = 0.0
    unwanted: bool = False


class ModelPool:
    """Hands out loaded models by id. Many threads may use it at once; no lock is held while a model loads or runs.

    Models load in threads of their own, which end with the process: whoever has waited long enough gives up, and finds
    the model when they ask again.

    While everything is in use, the pool may hold more than it should; it shrinks as leases end. A model that is alone
    stays, however big: loading it anew for every use would take the same memory.

    Args:
        providers: of weights, in the order in which they are asked.
        load: makes weights a model.
        max_models: how many to keep.
        max_bytes: how many bytes of weights to keep; None keeps any number.
        pinned: ids of models that never make room for others.
        load_seconds: how long to wait for a model that is being loaded; None for as long as it takes.
        max_waiting: how many may wait for models at once; None for any number.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        load: Callable[[Weights], Model],
        *,
        max_models: int = 8,
        max_bytes: int | None = None,
        pinned: frozenset[str] = frozenset(),
        load_seconds: float | None = None,
        max_waiting: int | None = None,
    ) -> None:
        self._providers = tuple(providers)
        self._load = load
        self._max_models = max_models
        self._max_bytes = max_bytes
        self._pinned = pinned
        self._load_seconds = load_seconds
        self._max_waiting = max_waiting
        self._waiting = 0
        self._lock = threading.Lock()
        # What was used least recently comes first.
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    @contextmanager
    def lease(self, model_id: str) -> Iterator[Model]:
        """A model that stays in memory until the block ends, and is loaded if it has to be.

        Raises:
            ModelNotFoundError: no provider has it.
            ModelError: it cannot be fetched or loaded; the next lease tries again.
            ServerBusyError: it is still being loaded, or too many wait for models.
        """
        with self._taken(model_id) as entry:
            model = self._wait_for(entry)
            with self._lock:
                entry.uses += 1
            yield model

    def add(self, model_id: str) -> None:
        """Load a model unless it is in memory; raises what `lease` raises."""
        with self._taken(model_id) as entry:
            self._wait_for(entry)

    def remove(self, model_id: str) -> None:
        """Let go of a model, pinned or not; one that is not there is no error.

        Its memory is free when those who use it are done.
        """
        with self._lock:
            entry = self._entries.get(model_id)
            if entry is not None:
                self._let_go(entry)

    def clear(self) -> None:
        """Let go of all models."""
        with self._lock:
            entries = list(self._entries.values())
            for entry in entries:
                self._let_go(entry)

    def describe(self) -> list[LoadedModel]:
        """The models in memory, by id."""
        with self._lock:
            return [_described(entry) for _, entry in sorted(self._entries.items()) if entry.model.done()]

    @contextmanager
    def _taken(self, model_id: str) -> Iterator[_Entry]:
        """The entry of a model, with one user more; whoever is the first has it loaded, the others find it loading."""
        with self._lock:
            entry = self._entries.get(model_id)
            if entry is None:
                entry = self._begin(model_id)
            entry.users += 1
        try:
            yield entry
        finally:
            self._give_back(entry)

    def _begin(self, model_id: str) -> _Entry:
        """Under the lock: have a model loaded."""
        if sum(not entry.model.done() for entry in self._entries.values()) >= MAX_LOADS:
            raise _busy(model_id, f"has to wait, since {MAX_LOADS} other models are being loaded")
        entry = self._entries[model_id] = _Entry(model_id)
        threading.Thread(target=self._fill, args=(entry,), name=f"load {model_id}", daemon=True).start()
        return entry

    def _wait_for(self, entry: _Entry) -> Model:
        """The model of an entry. Only some may wait: a model that comes slowly must not take all threads there are."""
        if not entry.model.done():
            with self._lock:
                if self._max_waiting is not None and self._waiting >= self._max_waiting:
                    raise _busy(entry.id, "is being loaded, and as many requests as may wait for models do so already")
                self._waiting += 1
            wait([entry.model], self._load_seconds)
            with self._lock:
                self._waiting -= 1
        if not entry.model.done():
            raise _busy(entry.id, "is still being loaded")
        return entry.model.result()

    def _fill(self, entry: _Entry) -> None:
        """Load the model of an entry, or let the entry fail for all who wait for it."""
        started = time.perf_counter()
        try:
            model = self._loaded(entry)
        except BaseException as error:  # noqa: BLE001 - nobody may wait for ever; whoever waits raises it
            with self._lock:
                del self._entries[entry.id]
                # Without the frames, of which this one holds the entry, and so the error.
                entry.model.set_exception(error.with_traceback(None))
            return
        entry.load_seconds = time.perf_counter() - started
        log.info("Loaded %s in %.2f s on %s.", entry.id, entry.load_seconds, model.session.device)
        with self._lock:
            entry.model.set_result(model)
            if entry.unwanted:
                del self._entries[entry.id]

    def _loaded(self, entry: _Entry) -> Model:
        """The model of an entry; of the weights that come, when others take their place meanwhile."""
        weights = self._find(entry.id)
        try:
            model = self._load_into_room(entry, weights)
        except FileNotFoundError:
            return self._load_into_room(entry, self._find(entry.id))
        except ModelArtefactError:
            again = self._find(entry.id)
            if again == weights:
                raise
        else:
            again = self._find(entry.id)
            if again == weights:
                return model
        return self._load_into_room(entry, again)

    def _load_into_room(self, entry: _Entry, weights: Weights) -> Model:
        size = weights.size
        with self._lock:
            entry.bytes = size
            evicted = self._make_room()
        # What is evicted is freed here: not under the lock, and before there is more to hold.
        evicted.clear()
        return self._load(weights)

    def _find(self, model_id: str) -> Weights:
        for provider in self._providers:
            weights = provider.find(model_id)
            if weights is not None:
                return weights
        known = {known_id for provider in self._providers for known_id in provider.ids()}
        near = get_close_matches(model_id, known)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise ModelNotFoundError(
            f"There is no model {model_id!r}.", hint=f"{meant}`penstock models add FILE --id {model_id}` adds one."
        )

    def _give_back(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            if self._entries.get(entry.id) is entry:
                self._entries.move_to_end(entry.id)
            evicted = self._make_room()
        evicted.clear()

    def _make_room(self) -> list[_Entry]:
        """Take out what has to go, under the lock; freeing it is left to the caller, outside of the lock."""
        present = [entry for entry in self._entries.values() if entry.bytes is not None]
        count, size = len(present), sum(entry.bytes or 0 for entry in present)
        evicted = []
        for entry in present:
            fits = count <= self._max_models and (self._max_bytes is None or size <= self._max_bytes)
            if fits or count == 1:
                break
            if entry.users == 0 and entry.id not in self._pinned:
                del self._entries[entry.id]
                evicted.append(entry)
                count -= 1
                size -= entry.bytes or 0
        return evicted

    def _let_go(self, entry: _Entry) -> None:
        """One that is loading stays until it is loaded, so that nobody loads it a second time meanwhile."""
        if entry.model.done():
            del self._entries[entry.id]
        else:
            entry.unwanted = True


def _busy(model_id: str, why: str) -> ServerBusyError:
    return ServerBusyError(f"The model {model_id!r} {why}.", hint="Try again in a moment.")


def _described(entry: _Entry) -> LoadedModel:
    model = entry.model.result()
    return LoadedModel(
        id=entry.id,
        task=model.manifest.task,
        batch_size=model.batch_size,
        input_height=model.input_height,
        input_width=model.input_width,
        device=model.session.device,
        reason=model.session.reason,
        bytes=model.bytes,
        load_seconds=entry.load_seconds,
        uses=entry.uses,
    )

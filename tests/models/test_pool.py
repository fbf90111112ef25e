"""The pool loads each model once, keeps to its limits, and never takes away what is in use."""

from __future__ import annotations

import gc
import random
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InvalidModelIDError, ModelArtefactError, ModelNotFoundError, ServerBusyError
from models.manifest import Task
from models.model import Model
from models.pool import MAX_LOADS, LoadedModel, ModelPool
from models.providers import installed_providers, loader
from models.providers.disk import add
from models.providers.provider import Weights
from models.session import CPU
from tests.models.graphs import write_classifier

IDS = ("a/1", "b/1", "c/1", "d/1")
PICTURE = np.full((8, 8, 3), (10, 20, 255), np.uint8)


class Loader:
    """Loads models for real, and watches how it is used."""

    def __init__(self) -> None:
        self.load_really = loader((CPU,), (), 8)
        self.loads: list[str] = []
        self.loading: set[str] = set()
        self.overlaps = 0
        self.seconds = 0.0
        self.models: weakref.WeakSet[Model] = weakref.WeakSet()
        self.lock = threading.Lock()

    def __call__(self, weights: Weights) -> Model:
        model_id = weights.manifest.id
        with self.lock:
            self.overlaps += model_id in self.loading
            self.loading.add(model_id)
            self.loads.append(model_id)
        try:
            time.sleep(self.seconds)
            model = self.load_really(weights)
        finally:
            with self.lock:
                self.loading.discard(model_id)
        self.models.add(model)
        return model

    def alive(self) -> Counter[str]:
        """The models that take memory."""
        gc.collect()
        return Counter(model.manifest.id for model in self.models)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four models that say how blue, green or red a picture is, all of the same size."""
    folder = tmp_path_factory.mktemp("models")
    weights = write_classifier(folder.parent / "weights.onnx", batch="N")
    labels = folder.parent / "labels.txt"
    labels.write_text("red\ngreen\nblue", encoding="utf-8")
    for model_id in IDS:
        add(folder, weights, model_id, labels=labels)
    return folder


@pytest.fixture
def load() -> Loader:
    return Loader()


def pool_of(folder: Path, load: Loader, max_models: int = 8, **limits: int | frozenset[str]) -> ModelPool:
    return ModelPool(installed_providers(folder, offline=True), load, max_models=max_models, **limits)  # type: ignore[arg-type]


def held(pool: ModelPool) -> list[str]:
    return [model.id for model in pool.describe()]


def use(pool: ModelPool, *model_ids: str) -> None:
    for model_id in model_ids:
        with pool.lease(model_id) as model:
            assert model.manifest.id == model_id
            (scores,) = model.classify([PICTURE])
            assert model.manifest.classes[int(scores.values.argmax())] == "red"


def test_a_model_is_loaded_once_and_described(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load)
    use(pool, "a/1", "a/1")
    pool.add("a/1")
    pool.add("b/1")
    size = (folder / "a" / "1" / "model.onnx").stat().st_size
    (first, second) = pool.describe()
    assert first.load_seconds > 0
    assert first == LoadedModel(
        id="a/1",
        task=Task.CLASSIFICATION,
        batch_size=None,
        input_height=8,
        input_width=8,
        device=CPU,
        reason="The settings ask for the CPU only.",
        bytes=size,
        load_seconds=first.load_seconds,
        uses=2,
    )
    assert (second.id, second.uses) == ("b/1", 0)
    assert load.loads == ["a/1", "b/1"]


def test_what_was_used_least_recently_goes_first(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_models=2)
    use(pool, "a/1", "b/1", "a/1", "c/1")
    assert held(pool) == ["a/1", "c/1"]
    assert load.alive() == {"a/1": 1, "c/1": 1}
    use(pool, "b/1")
    assert held(pool) == ["b/1", "c/1"]
    assert load.loads == ["a/1", "b/1", "c/1", "b/1"]


def test_room_is_made_before_the_next_is_loaded(folder: Path, load: Loader) -> None:
    alive: list[Counter[str]] = []

    def watch(weights: Weights) -> Model:
        alive.append(load.alive())
        return load(weights)

    pool = ModelPool(installed_providers(folder, offline=True), watch, max_models=1)
    use(pool, "a/1")
    use(pool, "b/1")
    assert alive == [{}, {}]


def test_bytes_are_limited(folder: Path, load: Loader) -> None:
    size = (folder / "a" / "1" / "model.onnx").stat().st_size
    pool = pool_of(folder, load, max_bytes=3 * size - 1)
    use(pool, "a/1", "b/1", "c/1")
    assert held(pool) == ["b/1", "c/1"]


def test_a_model_that_is_too_big_stays_while_it_is_alone(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_bytes=1)
    use(pool, "a/1", "a/1")
    assert load.loads == ["a/1"]
    use(pool, "b/1")
    assert held(pool) == ["b/1"]


def test_pinned_models_make_no_room(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_models=2, pinned=frozenset({"a/1"}))
    use(pool, "a/1", "b/1", "c/1", "d/1")
    assert held(pool) == ["a/1", "d/1"]
    pool.remove("a/1")
    assert held(pool) == ["d/1"]


def test_what_is_in_use_stays_and_the_pool_shrinks_afterwards(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_models=1)
    with ExitStack() as stack:
        models = [stack.enter_context(pool.lease(model_id)) for model_id in IDS[:3]]
        assert held(pool) == list(IDS[:3])
        assert all(model.classify([PICTURE]) for model in models)
        del models
    assert len(held(pool)) == 1
    assert load.alive().total() == 1


def test_a_removed_model_stays_in_memory_until_the_last_lease_ends(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load)
    with pool.lease("a/1") as model:
        pool.remove("a/1")
        assert held(pool) == []
        assert model.classify([PICTURE])
        use(pool, "a/1")
        assert load.alive() == {"a/1": 2}
        del model
    assert load.alive() == {"a/1": 1}
    assert load.loads == ["a/1", "a/1"]
    pool.remove("a/1")
    assert load.alive() == {}


def test_clear_and_remove_take_what_is_there(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, pinned=frozenset({"a/1"}))
    pool.remove("a/1")
    pool.remove("no id at all!")
    pool.clear()
    use(pool, "a/1", "b/1")
    pool.clear()
    assert held(pool) == []
    assert load.alive() == {}


def test_a_model_that_is_removed_while_it_loads_is_gone_when_it_is_loaded(folder: Path, load: Loader) -> None:
    load.seconds = 0.2
    pool = pool_of(folder, load)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(use, pool, "a/1")
        _wait_for(lambda: load.loading)
        pool.remove("a/1")
        assert held(pool) == []
        second = threads.submit(use, pool, "a/1")
        first.result()
        second.result()
    assert load.loads == ["a/1"]
    assert held(pool) == []
    use(pool, "a/1")
    assert load.loads == ["a/1", "a/1"]


def test_all_who_ask_at_once_share_one_load(folder: Path, load: Loader) -> None:
    load.seconds = 0.1
    pool = pool_of(folder, load)
    barrier = threading.Barrier(16)

    def ask(_: int) -> int:
        barrier.wait()
        with pool.lease("a/1") as model:
            return id(model)

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(ask, range(16)))) == 1
    assert load.loads == ["a/1"]
    assert pool.describe()[0].uses == 16


def test_all_who_wait_share_the_error_and_the_next_tries_again(folder: Path) -> None:
    loads: list[str] = []

    def fail(weights: Weights) -> Model:
        loads.append(weights.manifest.id)
        time.sleep(0.1)
        raise ModelArtefactError("broken")

    pool = ModelPool(installed_providers(folder, offline=True), fail)
    barrier = threading.Barrier(8)

    def ask(_: int) -> str:
        barrier.wait()
        with pytest.raises(ModelArtefactError) as caught, pool.lease("a/1"):
            pass
        return caught.value.message

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"broken"}
    assert loads == ["a/1"]
    assert held(pool) == []
    with pytest.raises(ModelArtefactError):
        pool.add("a/1")
    assert loads == ["a/1", "a/1"]


@pytest.mark.parametrize("failure", [None, FileNotFoundError("gone"), ModelArtefactError("cannot be loaded")])
def test_weights_that_are_replaced_while_they_load(
    folder: Path, load: Loader, tmp_path: Path, failure: Exception | None
) -> None:
    """What is known of the old weights is never taken for what is known of the new."""
    weights, labels = folder / "a" / "1" / "model.onnx", tmp_path / "labels.txt"
    labels.write_text("blue\ngreen\nred", encoding="utf-8")
    add(tmp_path / "models", weights, "mine/1", labels=folder.parent / "labels.txt")
    loads: list[Weights] = []

    def replace(weights: Weights) -> Model:
        loads.append(weights)
        if len(loads) == 1:
            add(tmp_path / "models", weights.path, "mine/1", labels=labels, replace=True)
            if failure:
                raise failure
        return load(weights)

    pool = ModelPool(installed_providers(tmp_path / "models", offline=True), replace)
    with pool.lease("mine/1") as model:
        assert model.manifest.classes == ("blue", "green", "red")
    assert len(loads) == 2


def test_one_slow_model_does_not_hold_up_another(folder: Path, load: Loader) -> None:
    released = threading.Event()

    def wait_with_a(weights: Weights) -> Model:
        if weights.manifest.id == "a/1":
            assert released.wait(10)
        return load(weights)

    pool = ModelPool(installed_providers(folder, offline=True), wait_with_a)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(use, pool, "a/1")
        use(pool, "b/1")
        assert held(pool) == ["b/1"]
        released.set()
        slow.result()
    assert held(pool) == ["a/1", "b/1"]


def test_nobody_waits_for_ever_and_the_model_is_there_for_whoever_asks_again(folder: Path, load: Loader) -> None:
    released = threading.Event()

    def wait(weights: Weights) -> Model:
        assert released.wait(10)
        return load(weights)

    pool = ModelPool(installed_providers(folder, offline=True), wait, load_seconds=0.05)
    for _ in range(2):
        with pytest.raises(ServerBusyError, match="'a/1' is still being loaded"):
            use(pool, "a/1")
        assert held(pool) == []
    released.set()
    _wait_for(lambda: held(pool) == ["a/1"])
    assert load.loads == ["a/1"]
    assert pool.describe()[0].uses == 0
    use(pool, "a/1")


def test_only_some_may_wait_for_models(folder: Path, load: Loader) -> None:
    released = threading.Event()

    def wait_but_for_d(weights: Weights) -> Model:
        assert weights.manifest.id == "d/1" or released.wait(10)
        return load(weights)

    pool = ModelPool(installed_providers(folder, offline=True), wait_but_for_d, max_waiting=2)
    pool.add("d/1")
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(use, pool, model_id) for model_id in ("a/1", "a/1")]
        _wait_for(lambda: pool._waiting == 2)
        for model_id in ("a/1", "b/1"):
            with pytest.raises(ServerBusyError, match="as many requests as may wait"):
                use(pool, model_id)
        use(pool, "d/1")
        pool.remove("d/1")
        released.set()
        for each in waiting:
            each.result()
    _wait_for(lambda: held(pool) == ["a/1", "b/1"])


def test_sources_that_never_answer_do_not_collect_threads(folder: Path, load: Loader) -> None:
    released = threading.Event()

    class Silent:
        def find(self, model_id: str) -> Weights | None:
            assert not model_id.startswith("far/") or released.wait(10)
            return None

        def ids(self) -> tuple[str, ...]:
            return ()

    pool = ModelPool([Silent(), *installed_providers(folder, offline=True)], load, load_seconds=0.01)
    for number in range(MAX_LOADS):
        with pytest.raises(ServerBusyError, match="still being loaded"):
            pool.add(f"far/{number}")
    with pytest.raises(ServerBusyError, match="'a/1' has to wait"):
        pool.add("a/1")
    released.set()
    _wait_for(lambda: not pool._entries)
    use(ModelPool(installed_providers(folder, offline=True), load), "a/1")


def test_unknown_models_are_errors_that_help_and_make_nobody_go(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_models=1)
    use(pool, "a/1")
    with pytest.raises(ModelNotFoundError) as caught:
        pool.add("a/2")
    assert caught.value.message == "There is no model 'a/2'."
    assert caught.value.hint is not None
    assert "Did you mean a/1" in caught.value.hint
    assert "`penstock models add FILE --id a/2`" in caught.value.hint
    with pytest.raises(ModelNotFoundError) as caught:
        pool.add("something-else-altogether")
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(InvalidModelIDError):
        pool.add("../a/1")
    assert held(pool) == ["a/1"]


def test_a_model_takes_no_place_while_it_is_looked_for(folder: Path, load: Loader) -> None:
    looking, released = threading.Event(), threading.Event()

    class Far:
        def find(self, model_id: str) -> Weights | None:
            if model_id == "far/1":
                looking.set()
                assert released.wait(10)
            return None

        def ids(self) -> tuple[str, ...]:
            return ()

    pool = ModelPool([Far(), *installed_providers(folder, offline=True)], load, max_models=1)
    with ThreadPoolExecutor(1) as threads:
        search = threads.submit(pool.add, "far/1")
        assert looking.wait(10)
        use(pool, "a/1", "a/1")
        released.set()
        with pytest.raises(ModelNotFoundError):
            search.result()
    assert load.loads == ["a/1"]


def test_errors_in_a_lease_are_the_callers(folder: Path, load: Loader) -> None:
    pool = pool_of(folder, load, max_models=1)
    with pytest.raises(ZeroDivisionError), pool.lease("a/1"):
        raise ZeroDivisionError
    use(pool, "b/1")
    assert held(pool) == ["b/1"]


def test_many_threads_few_slots(folder: Path, load: Loader) -> None:
    """64 threads want four models where there is room for two, while others remove some: nobody sees an error."""
    load.seconds = 0.002
    pool = pool_of(folder, load, max_models=2)
    leases, rounds, threads_count = Counter[str](), 40, 64
    lock = threading.Lock()

    def hammer(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - a load, not a secret
        for _ in range(rounds):
            model_id = dice.choice(IDS)
            with pool.lease(model_id) as model:
                assert model.manifest.id == model_id
                assert model.classify([PICTURE])
            with lock:
                leases[model_id] += 1
            if dice.random() < 0.01:
                pool.remove(dice.choice(IDS))

    with ThreadPoolExecutor(threads_count) as threads:
        list(threads.map(hammer, range(threads_count)))
    assert leases.total() == threads_count * rounds
    assert load.overlaps == 0
    assert len(load.loads) < leases.total() / 2
    assert len(held(pool)) <= 2
    assert set(load.alive()) == set(held(pool))
    assert load.alive().total() <= 2


def test_an_evicted_model_is_never_in_use(folder: Path, load: Loader) -> None:
    """Whoever holds a lease finds the model in the pool at any time, if nobody removes it."""
    pool = pool_of(folder, load, max_models=1)

    def check(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - a load, not a secret
        for _ in range(50):
            with pool.lease(dice.choice(IDS)) as model:
                time.sleep(0.0005)
                assert model.manifest.id in held(pool)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(check, range(8)))
    assert load.overlaps == 0
    assert load.alive().total() == 1


def _wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)

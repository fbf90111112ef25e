"""Pictures, models and a certificate that many tests use."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import trustme
from hypothesis import HealthCheck, settings
from skimage import data as photos

from api.settings import Settings
from benchmarks.nothing import write_null_model
from engine.errors import ModelDownloadError
from models.providers.starter import StarterProvider
from tests.engine.guard.servers import HOST

# The machine may be busy, and the first text that is drawn in a fresh checkout takes hypothesis seconds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def photo() -> Callable[[str], bytes]:
    """A photo that scikit-image carries, as the bytes of a PNG file: astronaut, chelsea or coffee."""

    def png(name: str) -> bytes:
        done, encoded = cv2.imencode(".png", getattr(photos, name)()[:, :, ::-1])
        assert done
        return encoded.tobytes()

    return png


@pytest.fixture(scope="session")
def wire(photo: Callable[[str], bytes]) -> Callable[[str], dict[str, Any]]:
    """A photo as it travels."""
    return lambda name: {"type": "base64", "value": b64encode(photo(name)).decode()}


@pytest.fixture
def null_models(tmp_path: Path) -> Path:
    """A folder of models with one in it, `null`, that sees one thing in every picture."""
    folder = tmp_path / "models"
    folder.mkdir()
    write_null_model(folder / "null.onnx")
    return folder


@pytest.fixture(scope="session")
def starter_models() -> Path:
    """The folder of models with the starter catalogue in it; skips where it is not there and cannot be fetched."""
    settings = Settings()
    provider = StarterProvider(settings.models_dir, offline=settings.offline)
    try:
        found = [provider.find(model_id) for model_id in ("fastestdet/1", "squeezenet/1")]
    except ModelDownloadError as error:
        pytest.skip(f"the starter models cannot be had: {error}")
    if None in found:
        pytest.skip("the starter models are not here, and OFFLINE_MODE keeps them from being fetched")
    return settings.models_dir


@pytest.fixture
def black() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A small black picture."""
    return np.zeros((48, 64, 3), np.uint8)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with a certificate for images.example.com, its key, and the authority behind it, which nobody knows."""
    authority = trustme.CA()
    issued = authority.issue_cert(HOST)
    file = tmp_path_factory.mktemp("tls") / "images.pem"
    for part in (*issued.cert_chain_pems, issued.private_key_pem, authority.cert_pem):
        part.write_to_path(file, append=True)
    return file

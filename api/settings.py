"""Everything that the environment can set, in one class; names that today's servers use mean what they mean there."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import uuid4

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.environment import ClosedEnvironment
from api.workflow_store import LOCAL, WorkflowStore
from blocks.python.workers import Workers
from engine.budget import MAX_BYTES
from engine.errors import PenstockError
from engine.guard.folder import Folder
from engine.guard.limits import Limits, SourcePolicy

MIB = 2**20


class SettingsError(PenstockError):
    """The environment asks for something that cannot be, or should not be."""


def _listed(value: object) -> object:
    """Commas separate; brackets and quotes around are tolerated: `[CUDAExecutionProvider,CPUExecutionProvider]`."""
    if not isinstance(value, str):
        return value
    parts = (part.strip(" \t'\"") for part in value.strip(" []").split(","))
    return tuple(part for part in parts if part)


def _keys(value: object) -> object:
    """Commas separate, unless it is a list in JSON; whatever else stands there may be part of a key."""
    if not isinstance(value, str):
        return value
    try:
        listed = json.loads(value)
    except ValueError:
        listed = None
    parts = listed if isinstance(listed, list) else [part.strip() for part in value.split(",")]
    return tuple(part for part in parts if part)


def _at_home(path: Path) -> Path:
    """A path whose `~` is the home of the user."""
    try:
        return path.expanduser()
    except RuntimeError as error:  # such a user is not known
        raise ValueError(str(error)) from None


def _level(value: str) -> str:
    """The name of a level of `logging`, in capitals."""
    name, known = value.strip().upper(), logging.getLevelNamesMapping()
    if name not in known:
        raise ValueError(f"a level is one of {', '.join(known)}")
    return name


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Keys = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_keys)]
Place = Annotated[Path, AfterValidator(_at_home)]
Level = Annotated[str, AfterValidator(_level)]


def _cache_dir() -> Path:
    """Where models live unless the environment says; the temporary folder for a user without a home."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    return home / "penstock"


class Settings(BaseSettings):
    """The settings of a server; each field's alias is its name in the environment."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # Where to listen, and who may ask
    host: str = Field("127.0.0.1", alias="HOST", description="Address to listen on.")
    port: int = Field(9001, alias="PORT", ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    api_keys: Keys = Field(
        (), alias="PENSTOCK_API_KEYS", description="Keys that requests may carry; without any, nobody is asked for one."
    )
    allow_open_host: bool = Field(
        False, alias="PENSTOCK_ALLOW_OPEN_HOST", description="Listen beyond this machine without asking for keys."
    )
    allow_origins: Names = Field(("*",), alias="ALLOW_ORIGINS", description="Origins that browsers may call from.")
    server_uuid: str = Field(
        default_factory=lambda: uuid4().hex, alias="ROBOFLOW_SERVER_UUID", description="How /info names this server."
    )
    log_level: Level = Field("WARNING", alias="LOG_LEVEL", description="Least severe level that is logged.")

    # Bounds
    max_body_bytes: int = Field(
        64 * MIB,
        alias="PENSTOCK_MAX_BODY_BYTES",
        gt=0,
        description="Largest request body; all that arrive at once have room for eight of them.",
    )
    body_timeout: float = Field(
        60.0, alias="PENSTOCK_BODY_TIMEOUT", gt=0, description="Seconds within which a body has to arrive."
    )
    max_waiting: int = Field(
        128, alias="PENSTOCK_MAX_WAITING", gt=0, description="Requests at once whose body is there; more get a 503."
    )
    threads: int = Field(
        default_factory=lambda: max(4, 2 * (os.cpu_count() or 1)),
        alias="HTTP_API_THREADPOOL_WORKERS",
        gt=0,
        description="Threads that work on requests.",
    )
    max_image_bytes: int = Field(
        32 * MIB, alias="PENSTOCK_MAX_IMAGE_BYTES", gt=0, description="Largest encoded picture."
    )
    max_image_pixels: int = Field(
        80_000_000, alias="PENSTOCK_MAX_IMAGE_PIXELS", gt=0, description="Largest picture, in pixels."
    )

    run_timeout: float = Field(
        300.0,
        alias="PENSTOCK_RUN_TIMEOUT",
        gt=0,
        description="Seconds that a workflow may run for one request, once it has begun.",
    )
    step_timeout: float = Field(
        120.0, alias="PENSTOCK_STEP_TIMEOUT", gt=0, description="Seconds that one of its steps may take."
    )
    max_run_bytes: int = Field(
        MAX_BYTES,
        alias="PENSTOCK_MAX_RUN_BYTES",
        gt=0,
        description="Bytes that the values and results of one run may hold.",
    )
    profiling: bool = Field(
        True, alias="ENABLE_WORKFLOWS_PROFILING", description="Profile the runs of requests that ask for it."
    )

    # Where pictures may come from
    allow_url_input: bool = Field(True, alias="ALLOW_URL_INPUT", description="Fetch pictures from URLs.")
    allow_http: bool = Field(False, alias="ALLOW_NON_HTTPS_URL_INPUT", description="Also from http:// URLs.")
    allow_bare_hosts: bool = Field(
        False, alias="ALLOW_URL_INPUT_WITHOUT_FQDN", description="Also from IP addresses and names without a dot."
    )
    allow_private: bool = Field(
        False, alias="ALLOW_URL_TO_NON_GLOBAL_ADDRESSES", description="Also from addresses that are not public."
    )
    allowed_hosts: Names = Field(
        (), alias="WHITELISTED_DESTINATIONS_FOR_URL_INPUT", description="Only from these hosts, when any is named."
    )
    denied_hosts: Names = Field(
        (), alias="BLACKLISTED_DESTINATIONS_FOR_URL_INPUT", description="Never from these hosts."
    )
    max_redirects: int = Field(5, alias="MAX_IMAGE_URL_REDIRECTS", ge=0, le=30, description="Redirects to follow.")
    allow_files: bool = Field(
        True,
        alias="ALLOW_LOADING_IMAGES_FROM_LOCAL_FILESYSTEM",
        description="Let plain routes read pictures from the folders of PENSTOCK_IMAGE_ROOTS; workflows never do.",
    )
    image_roots: Annotated[tuple[Place, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (), alias="PENSTOCK_IMAGE_ROOTS", description="Folders of this machine that requests may name pictures in."
    )
    allow_numpy: bool = Field(
        False, alias="ALLOW_NUMPY_INPUT", description="Let plain routes take pictures in .npy form; workflows never do."
    )

    # Workflows, their blocks, and what these may touch
    workflows_dir: Place | None = Field(
        None,
        alias="PENSTOCK_WORKFLOWS_DIR",
        description="Folder of workflows, ID.json, that requests and other workflows name by their id.",
    )
    max_inner_depth: int = Field(
        4,
        alias="WORKFLOWS_MAX_INNER_WORKFLOW_DEPTH",
        ge=0,
        le=64,
        description="How deep workflows may stand in workflows.",
    )
    max_inner_count: int = Field(
        32, alias="WORKFLOWS_MAX_INNER_WORKFLOW_COUNT", ge=0, description="Inner workflows in one workflow."
    )
    plugins: Names = Field(
        (), alias="WORKFLOWS_PLUGINS", description="Python modules with more blocks; one that fails stops the start."
    )
    allow_local_storage: bool = Field(
        True,
        alias="ALLOW_WORKFLOW_BLOCKS_ACCESSING_LOCAL_STORAGE",
        description="Let blocks write files into WORKFLOW_BLOCKS_WRITE_DIRECTORY.",
    )
    write_directory: Place | None = Field(
        None, alias="WORKFLOW_BLOCKS_WRITE_DIRECTORY", description="The one folder that blocks may write into."
    )
    allow_environment: bool = Field(
        True,
        alias="ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES",
        description="Let blocks read the variables of PENSTOCK_WORKFLOW_VARIABLES.",
    )
    environment_names: Names = Field(
        (), alias="PENSTOCK_WORKFLOW_VARIABLES", description="Variables of the environment that blocks may read."
    )
    allow_python: bool = Field(
        False,
        alias="ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS",
        description="Run Python code that comes with workflows, in processes of its own.",
    )
    python_timeout: float = Field(
        30.0, alias="PENSTOCK_PYTHON_TIMEOUT", gt=0, description="Seconds for one call of a Python block."
    )
    python_memory: int = Field(
        2048 * MIB,
        alias="PENSTOCK_PYTHON_MEMORY",
        ge=256 * MIB,
        description="Bytes of address space for the process of a Python block.",
    )
    python_workers: int = Field(
        8, alias="PENSTOCK_PYTHON_WORKERS", gt=0, description="Processes for Python blocks at once."
    )

    # Models
    models_dir: Place = Field(
        default_factory=_cache_dir,
        validation_alias=AliasChoices("MODELS_DIR", "MODEL_CACHE_DIR"),
        description="Folder of models.",
    )
    offline: bool = Field(False, alias="OFFLINE_MODE", description="Never ask the network for anything.")
    max_models: int = Field(8, alias="MAX_ACTIVE_MODELS", gt=0, description="Models in memory at once.")
    max_model_bytes: int | None = Field(
        None, alias="PENSTOCK_MAX_MODEL_BYTES", gt=0, description="Bytes of weights in memory at once."
    )
    preload_models: Names = Field((), alias="PRELOAD_MODELS", description="Models to load before /readiness says yes.")
    pinned_models: Names = Field((), alias="PINNED_MODELS", description="Models that are preloaded and never evicted.")
    providers: Names = Field(
        ("CUDAExecutionProvider", "CPUExecutionProvider"),
        alias="ONNXRUNTIME_EXECUTION_PROVIDERS",
        description="Execution providers of ONNX Runtime, in order of preference.",
    )
    required_providers: Names = Field(
        (), alias="REQUIRED_ONNX_PROVIDERS", description="Execution providers without which no model is loaded."
    )
    max_batch: int = Field(32, alias="MAX_BATCH_SIZE", gt=0, description="Pictures in one call of a model.")

    def folder(self) -> Folder:
        """Where blocks may write."""
        return Folder(self.write_directory if self.allow_local_storage else None)

    def environment(self) -> Mapping[str, str]:
        """What blocks may read of the environment: only what is named, since keys of the server stand there, too."""
        if not self.allow_environment or not self.environment_names:
            return ClosedEnvironment()
        return {name: os.environ[name] for name in self.environment_names if name in os.environ}

    def workflows(self) -> WorkflowStore:
        """The workflows that are stored here."""
        return WorkflowStore(self.workflows_dir, self.models_dir / "workflow" / LOCAL)

    def python(self) -> Workers | None:
        """What runs Python code that comes with workflows; None where it is not allowed."""
        if not self.allow_python:
            return None
        return Workers(timeout=self.python_timeout, memory=self.python_memory, most=self.python_workers)

    def limits(self) -> Limits:
        """Bounds on pictures."""
        return Limits(self.max_image_bytes, self.max_image_pixels)

    def sources(self) -> SourcePolicy:
        """Where pictures may come from."""
        return SourcePolicy(
            allow_urls=self.allow_url_input,
            allow_http=self.allow_http,
            allow_hosts_without_fqdn=self.allow_bare_hosts,
            allow_private_addresses=self.allow_private,
            allowed_hosts=frozenset(self.allowed_hosts) or None,
            denied_hosts=frozenset(self.denied_hosts),
            max_redirects=self.max_redirects,
            offline=self.offline,
            allow_numpy=self.allow_numpy,
            file_roots=self.image_roots if self.allow_files else (),
        )

    def refuse_open_door(self) -> None:
        """Raise SettingsError when anybody who can reach this machine could use the server without a key."""
        if self.api_keys or self.allow_open_host or _is_loopback(self.host):
            return
        raise SettingsError(
            f"HOST={self.host} lets other machines in, and no key is set.",
            hint="Set PENSTOCK_API_KEYS to keys of your choice, or PENSTOCK_ALLOW_OPEN_HOST=true behind a proxy that "
            "asks for its own.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Keys that callers show, and whether the server knows them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from fastapi import Request

from engine.errors import MissingApiKeyError

NO_KEY = ("", "None", "null")
"""What clients send in the place of a key that they do not have."""


def key_of(request: Request) -> str | None:
    """The first key in the query, else the one in the header; None where there is neither."""
    for name, value in request.query_params.multi_items():
        if name == "api_key" and value not in NO_KEY:
            return value
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() not in NO_KEY else None


def admit(known: Sequence[str], key: object) -> None:
    """Raise MissingApiKeyError unless the server knows no keys, and so asks for none, or this is one of them."""
    if not known:
        return
    given = key.encode(errors="replace") if isinstance(key, str) else b""
    if sum(hmac.compare_digest(given, one.encode()) for one in known) == 0:
        raise MissingApiKeyError(
            "This server asks for a key.",
            hint="Send one as 'Authorization: Bearer KEY', as ?api_key=KEY, or as api_key in the body.",
        )

"""The page under /docs: what routes there are, as plain HTML that loads nothing from anywhere."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

STYLE = "body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}dd{margin:0 0 .6rem 1.5rem}"


def serve_docs(app: FastAPI) -> None:
    """Give an app its page; what it says comes from the app's OpenAPI document."""
    pages: list[str] = []

    async def docs(_: Request) -> HTMLResponse:
        if not pages:
            pages.append(_page(app.openapi()))
        return HTMLResponse(pages[0])

    app.add_route("/docs", docs, include_in_schema=False)


def _page(document: dict[str, Any]) -> str:
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    routes = "".join(
        f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(_summary(operation))}</dd>"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f'<h1>{title}</h1><p>The forms of bodies are in <a href="openapi.json">openapi.json</a>.</p><dl>{routes}</dl>'
    )


def _summary(operation: dict[str, Any]) -> str:
    """What a route does, and the name of the form of its body where it takes one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    form = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    described = str(operation.get("description") or operation.get("summary", ""))
    return f"{described} Body: {form}." if form else described

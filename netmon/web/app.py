"""The application: pages, API, health, and what exporters hand over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from netmon.errors import InputError, RouteNotFoundError
from netmon.ports import Exporter, Route
from netmon.web.answers import Readiness
from netmon.web.api import api_router
from netmon.web.devices import devices_router
from netmon.web.page import PAGE_HEADERS, StatusPage
from netmon.web.reports import reports_router
from netmon.web.sources import PageSources
from netmon.web.whiteboard import Whiteboard

_READ = ["GET", "HEAD"]
_NOT_READY = 503
_NOT_FOUND = 404
_OWN_PREFIXES = ("/api/", "/tmf-api/", "/hooks/", "/healthz", "/readyz")


def create_app(sources: PageSources) -> FastAPI:
    """Put the application together.

    Raises:
        InputError: two exporters, or an exporter and netmon itself, want the same path.
    """
    app = FastAPI(title="netmon", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    whiteboard = Whiteboard(sources.country)
    _add_pages(app, sources, StatusPage(sources, whiteboard))
    app.include_router(api_router(sources, whiteboard))
    app.include_router(devices_router(sources))
    if sources.take_report is not None:
        app.include_router(reports_router(sources.take_report))
    taken: dict[str, str] = {"/": "netmon"}
    for exporter in sources.exporters:
        for route in exporter.routes():
            _take(taken, route.path, exporter)
            app.add_api_route(route.path, _endpoint(route), methods=_READ, include_in_schema=False)
    app.add_exception_handler(RouteNotFoundError, _no_such_page)
    return app


def _add_pages(app: FastAPI, sources: PageSources, page: StatusPage) -> None:
    async def status(request: Request) -> Response:
        rendered = await page.get()
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = PAGE_HEADERS | {"Content-Encoding": "gzip"}
            return Response(rendered.zipped, media_type="text/html", headers=headers)
        return Response(rendered.plain, media_type="text/html", headers=PAGE_HEADERS)

    async def alive() -> Response:
        return PlainTextResponse("ok\n")

    async def ready() -> Response:
        reasons = list(sources.not_ready())
        answer = Readiness(ready=not reasons, reasons=reasons)
        return JSONResponse(answer.model_dump(), status_code=_NOT_READY if reasons else 200)

    app.add_api_route("/", status, methods=_READ, include_in_schema=False)
    app.add_api_route("/healthz", alive, methods=_READ, include_in_schema=False)
    app.add_api_route("/readyz", ready, methods=_READ, include_in_schema=False)


def _take(taken: dict[str, str], path: str, exporter: Exporter) -> None:
    if path in taken or path.startswith(_OWN_PREFIXES):
        raise InputError(f"Exporter {exporter.name!r} wants {path!r}, which is {taken.get(path, 'netmon')}'s already.")
    taken[path] = exporter.name


def _endpoint(route: Route) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        chunks = route.render({name: str(value) for name, value in request.path_params.items()})
        # Taken before the answer begins, so that a page that is not there still gets its own status.
        first = next(chunks, b"")
        return StreamingResponse(_in_turns(first, chunks), media_type=route.content_type)

    return endpoint


async def _in_turns(first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, with a turn for the event loop after each; an empty one is only that."""
    if first:
        yield first
    await asyncio.sleep(0)
    for chunk in chunks:
        if chunk:
            yield chunk
        await asyncio.sleep(0)


async def _no_such_page(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, status_code=_NOT_FOUND)

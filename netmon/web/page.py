"""The status page, rendered in a thread and kept for two seconds: fifty readers cost as much as one.

While many read it, it is rendered anew before the kept one is too old, so that nobody has to wait for it.

The page needs nothing from elsewhere, and its Content-Security-Policy says so: style and script stand in it, named by
their hashes, and the script may only ask for the page again.
"""

import asyncio
import base64
import gzip
import hashlib
import logging
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from netmon.web.board import make_board
from netmon.web.headline import Asked
from netmon.web.overview import Moment
from netmon.web.sources import PageSources
from netmon.web.whiteboard import Whiteboard

log = logging.getLogger(__name__)

KEPT_SECONDS = 2.0
RENEWED_AFTER = 1.5
"""Seconds after which a reader still gets the kept page, and the next one is begun."""
REFRESH_SECONDS = 10
_GZIP_LEVEL = 5

_TEMPLATES = files("netmon.web") / "templates"
_STYLE = (_TEMPLATES / "status.css").read_text("utf-8")
_SCRIPT = (_TEMPLATES / "status.js").read_text("utf-8")


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


PAGE_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_source_hash(_STYLE)}; script-src {_source_hash(_SCRIPT)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """The page as it goes over the wire; `made_at` is monotonic seconds."""

    made_at: float
    plain: bytes
    zipped: bytes


class StatusPage:
    """Renders the page when somebody asks and the kept one is old."""

    def __init__(self, sources: PageSources, whiteboard: Whiteboard) -> None:
        self._sources = sources
        self._whiteboard = whiteboard
        self._kept: RenderedPage | None = None
        self._renewal: asyncio.Task[RenderedPage] | None = None
        environment = Environment(
            loader=PackageLoader("netmon.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("status.html")

    async def get(self) -> RenderedPage:
        """The page, at most KEPT_SECONDS old."""
        kept, now = self._kept, self._sources.clock.now().monotonic
        if kept is None or now - kept.made_at >= KEPT_SECONDS:
            # Shielded: whoever hangs up while others wait takes nothing from them.
            return await asyncio.shield(self._renewed())
        if now - kept.made_at >= RENEWED_AFTER:
            self._renewed()
        return kept

    def _renewed(self) -> asyncio.Task[RenderedPage]:
        """The rendering under way, or a new one."""
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew(), name="status page")
            self._renewal.add_done_callback(self._note_renewed)
        return self._renewal

    def _note_renewed(self, renewal: asyncio.Task[RenderedPage]) -> None:
        self._renewal = None
        if not renewal.cancelled() and (error := renewal.exception()) is not None:
            log.error("the status page cannot be rendered", exc_info=error)

    async def _renew(self) -> RenderedPage:
        now, moment = self._sources.clock.now(), await self._whiteboard.moment()
        asked = Asked(
            now=now.wall, isolation=self._sources.country.isolation, not_ready=tuple(self._sources.not_ready())
        )
        self._kept = await asyncio.to_thread(self._render, moment, asked, now.monotonic)
        return self._kept

    def _render(self, moment: Moment, asked: Asked, made_at: float) -> RenderedPage:
        text = self._template.render(
            board=make_board(moment, asked, self._sources.explain),
            style=_STYLE,
            script=_SCRIPT,
            refresh=REFRESH_SECONDS,
        )
        plain = text.encode()
        return RenderedPage(made_at, plain, gzip.compress(plain, _GZIP_LEVEL))

"""A real Prometheus that finds netmon's pages by discovery and scrapes them every minute, as in production."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from netmon.cli.bench.processes import await_port, free_port
from netmon.errors import NetmonError

INTERVAL = 60
_END_WITHIN = 15.0
_CONFIGURATION = """\
global: {{scrape_interval: {interval}s, scrape_timeout: 30s}}
scrape_configs:
  - job_name: netmon
    http_sd_configs: [{{url: "http://{address}/discovery/prometheus"}}]
"""


@dataclass(frozen=True, slots=True)
class Scrapes:
    """The last scrape of every target: seconds together and of the longest, samples, targets, and targets down."""

    seconds: float
    longest: float
    samples: float
    targets: int
    down: int


@dataclass(frozen=True, slots=True)
class Scraper:
    """A running Prometheus."""

    address: str

    def scrapes(self, window: float) -> Scrapes:
        """What it says of its scrapes; the longest within the last `window` seconds."""
        return Scrapes(
            seconds=self._ask("sum(scrape_duration_seconds)"),
            longest=self._ask(f"max(max_over_time(scrape_duration_seconds[{max(window, INTERVAL + 5):.0f}s]))"),
            samples=self._ask("sum(scrape_samples_scraped)"),
            targets=int(self._ask("count(up)")),
            down=int(self._ask("count(up) - sum(up)")),
        )

    def _ask(self, query: str) -> float:
        try:
            answer = httpx.get(
                f"http://{self.address}/api/v1/query", params={"query": query}, timeout=30, trust_env=False
            )
            found = answer.raise_for_status().json()["data"]["result"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise NetmonError(f"Prometheus does not answer {query!r}: {type(error).__name__}.") from error
        return float(found[0]["value"][1]) if found else 0.0


@contextmanager
def scraping(folder: Path, netmon: str) -> Iterator[Scraper | None]:
    """Run Prometheus against the daemon at `netmon` (host:port), its data in `folder`; None where it is not installed.

    Raises:
        NetmonError: it does not start; its log says why.
    """
    program = shutil.which("prometheus")
    if program is None:
        yield None
        return
    address = f"127.0.0.1:{free_port()}"
    configuration, log = folder / "prometheus.yml", folder / "prometheus.log"
    configuration.write_text(_CONFIGURATION.format(interval=INTERVAL, address=netmon), encoding="utf-8")
    command = [
        program, f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}",
    ]  # fmt: skip
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:  # noqa: S603
        try:
            await_port(address)
            yield Scraper(address)
        except OSError as error:
            raise NetmonError(f"Prometheus does not start; {log} says why.") from error
        finally:
            process.terminate()
            try:
                process.wait(_END_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()

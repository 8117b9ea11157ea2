"""What the log may say: lines that a program can read, and nothing that is nobody's business."""

import logging
import re
import sys
from pathlib import Path

import pytest

from netmon.daemon.log import BLACKED_OUT, DiscreetFormatter, Discretion
from netmon.settings import load_inventory, load_settings
from tests.kit.running import Site

SECRET, OTHER, SHORT = "qX7-canary/9", "correct-horse-battery", "tot"
SETTINGS = "credentials: {village-read: ./community, smtp-password: environment, short: ./short}\n"


@pytest.fixture
def discretion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Discretion:
    site = Site(folder=tmp_path, more_settings=SETTINGS, phone="045-628-4917", volunteer="089-753-1846")
    (tmp_path / "community").write_text(SECRET + "\n")
    (tmp_path / "short").write_text(SHORT + "\n")
    monkeypatch.setenv("NETMON_CREDENTIAL_SMTP_PASSWORD", OTHER)
    settings = load_settings(site.settings, {"STATE_DIRECTORY": str(site.state)})
    discretion = Discretion()
    discretion.learn(settings, load_inventory(settings.inventory.directory, settings.credentials).inventory)
    return discretion


@pytest.mark.parametrize(
    "text",
    [
        f"community={SECRET}",
        f"https://gw.example.org/send?password={OTHER}&to=1",
        "to=0897531846",
        "to=+66897531846",
        "to=0066897531846",
        "to=66897531846 from=1100",
        "089-753-1846",
        "089 753 1846",
        "+66 (0)89.753.1846",
        "0812345678 0897531846",
        "the centre's is 045-628-4917",
        "897531846",
    ],
)
def test_what_is_nobodys_business_is_blacked_out(discretion: Discretion, text: str) -> None:
    said = discretion.keep(text)
    assert BLACKED_OUT in said
    assert SECRET not in said
    assert OTHER not in said
    assert not re.search("897531846|812345678|456284917", re.sub(r"\D", "", said))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25 23:39:02,672 INFO netmon.engine.judge device=AP-34010101 health=down was=suspect",
        "fault=19ad0f3c2b4a1b2c3d4e5 state=open villages=904",
        "bytes=4194304 wanted=4194304 family=icmp4",
        "127.1.0.1 127.1.0.2 192.0.2.1 2001:db8::1234:5678",
        f"a community such as {SHORT} would black out total and totals",
        "T-2569-000123 0812345679",
    ],
)
def test_everything_else_stays_as_it_is(discretion: Discretion, text: str) -> None:
    assert discretion.keep(text) == text


def test_an_exception_that_quotes_what_it_was_given_does_not_quote_it_in_the_log(discretion: Discretion) -> None:
    try:
        int(f"{SECRET} for 089-753-1846")
    except ValueError:
        record = logging.LogRecord("netmon", logging.ERROR, "", 0, "task failed task=%r", ("x",), sys.exc_info())
    said = DiscreetFormatter(discretion).format(record)
    assert "Traceback" in said
    assert f"invalid literal for int() with base 10: '{BLACKED_OUT} for 0{BLACKED_OUT}'" in said

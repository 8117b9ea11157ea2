"""`netmon outbox`: what an operator sees of notices that did not leave, and does about them."""

import asyncio
from pathlib import Path

import pytest

from netmon.cli.app import BAD_INPUT, OK, run_command
from netmon.cli.common import NoVitals
from netmon.model.notices import Delivery, Verdict
from netmon.stores import open_store
from tests.stores.sample import T0, at, notice, opening


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A site on whose outbox one notice was given up, one left and one waits."""
    path = tmp_path / "netmon.yaml"
    path.write_text(f"store: {{url: 'sqlite:///{tmp_path}/netmon.db'}}\n")

    async def fill() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/netmon.db", vitals=NoVitals())
        await store.commit(opening(notices=(notice(), notice(recipient="nipa"))), at(0))
        await store.commit(opening("f2", notices=(notice("f2", recipient="anong"),), due=T0 + 1e9), at(0))
        dead, sent = await store.claim(at(1), 10, 60)
        await store.settle(dead, Delivery(Verdict.PERMANENT, reason="550 5.1.1 no such user"), at(2), None)
        await store.settle(sent, Delivery(Verdict.SENT), at(2), None)
        await store.close()

    asyncio.run(fill())
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = OK) -> str:
    assert run_command(["outbox", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_what_was_given_up_is_listed_with_its_reason(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    heading, line = run(capsys, "list", "-c", config).strip().splitlines()
    assert heading.split() == ["id", "state", "ticket", "stage", "channel", "to", "tries", "since", "why"]
    assert line.split("  ")[0].strip() == "1"
    for word in ("dead", "T-2569-000001", "opened", "mail", "technician somchai", "550 5.1.1 no such user"):
        assert word in line
    everything = run(capsys, "list", "--waiting", "-c", config)
    assert "anong" in everything
    assert "nipa" not in everything, "that one has left"


def test_a_retry_puts_it_back_among_the_waiting(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "retry", "--all", "-c", config) == "1 leaves now: mail to somchai, opened\n"
    assert run(capsys, "list", "-c", config) == "Nothing was given up.\n"
    assert "somchai" in run(capsys, "list", "--waiting", "-c", config)


def test_a_dropped_notice_is_gone(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "drop", "1", "3", "--by", "anong", "-c", config).count("is dropped") == 2
    assert run(capsys, "list", "--waiting", "-c", config) == "Nothing waits and nothing was given up.\n"


@pytest.mark.parametrize(
    "arguments", [("retry",), ("drop",), ("retry", "1", "--all"), ("drop", "4711"), ("retry", "2")]
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    config: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    said = run(capsys, *arguments, "-c", config, code=BAD_INPUT)
    assert said.endswith(".\n")
    assert len(said.splitlines()) == 1


def test_the_fixed_address_for_reports_is_shown_where_a_gateway_needs_one(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert "No SMS gateway that reports to one fixed" in run(capsys, "callback", "--config", config, code=BAD_INPUT)
    gateway = (
        "{driver: http, url: 'https://sms.example.org/', answer: {id: id}, report_to: 'https://netmon.example.org/',"
    )
    gateway += " report: {id: id, status: status, statuses: {OK: delivered}}}"
    Path(config).write_text(f"sms: {gateway}\n")
    shown = run(capsys, "callback", "--config", config)
    assert shown.startswith("https://netmon.example.org/hooks/sms/")
    assert run(capsys, "callback", "--config", config) == shown

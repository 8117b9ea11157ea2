"""`netmon explain VILLAGE`: the sentence and its evidence, in Thai and English."""

import asyncio
from pathlib import Path

import pytest

from netmon.cli.app import run_command
from netmon.cli.common import NoVitals
from netmon.model.chronicle import DeviceChange, DeviceEvent, DeviceRecord
from netmon.model.decisions import OpenFault, OpenTicket, ResolveFault
from netmon.model.faults import Cause, Evidence, EvidenceKind, Fault, Member, Resolution, Scope
from netmon.model.ids import CentreId, DeviceId, FaultId, VillageId
from netmon.model.readings import Identity
from netmon.model.time import Now
from netmon.stores import open_store
from tests.kit.running import VILLAGES, Site

NOON = Now(monotonic=0.0, wall=1_795_150_800.0)
DARK, BACK, CALM = (VillageId(one) for one in VILLAGES)
FAULT = Fault(
    id=FaultId("f1"),
    scope=Scope.DEVICE,
    key=f"AP-{DARK}",
    cause=Cause.ACCESS_POINT,
    confidence=0.95,
    opened_at=NOON.wall,
    members=(
        Member(DeviceId(f"AP-{DARK}"), (DARK,), NOON.wall),
        Member(DeviceId(f"AP-{BACK}"), (BACK,), NOON.wall, recovered_at=NOON.wall + 60),
    ),
    evidence=(
        Evidence(EvidenceKind.DEVICE_SILENT, f"AP-{DARK}", NOON.wall),
        Evidence(EvidenceKind.UPLINK_ANSWERS, f"AP-{DARK}", NOON.wall),
    ),
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose database holds one open fault and one that is over."""
    site = Site(folder=tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(site.state))

    async def fill() -> None:
        store = await open_store(f"sqlite:///{site.database}", vitals=NoVitals())
        await store.commit([OpenFault(FAULT), OpenTicket(FAULT.id, CentreId("UBN"), (DARK, BACK), NOON.wall)], NOON)
        over = Fault(
            id=FaultId("f2"),
            scope=Scope.DEVICE,
            key=f"AP-{CALM}",
            cause=Cause.ACCESS_POINT,
            confidence=0.95,
            opened_at=NOON.wall,
            members=(Member(DeviceId(f"AP-{CALM}"), (CALM,), NOON.wall),),
        )
        await store.commit([OpenFault(over), ResolveFault(over.id, Resolution.RECOVERED, NOON.wall + 1)], NOON)
        device = DeviceId(f"AP-{CALM}")
        record = DeviceRecord(device, "127.0.0.3", Identity("R500", "B", "1.0"))
        events = [
            DeviceEvent(device, NOON.wall, DeviceChange.MET, "R500, A, 1.0", address="127.0.0.3"),
            DeviceEvent(device, NOON.wall + 60, DeviceChange.REPLACED, "B", "A", "127.0.0.3"),
        ]
        await store.note_devices([record], events, NOON)
        await store.close()

    asyncio.run(fill())
    return site


def said(site: Site, village: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    code = run_command(["explain", village, "--config", str(site.settings)])
    out = capsys.readouterr()
    return code, out.out + out.err


def test_dark_village_is_explained_in_thai_and_english_with_evidence_and_ticket(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(site, DARK, capsys)
    assert code == 0
    assert "ค่อนข้างแน่ใจว่าเป็นเพราะอุปกรณ์กระจายสัญญาณ Wi-Fi" in text
    assert "Almost certainly the Wi-Fi access point of" in text
    assert text.count("\n  - ") == 4
    assert text.count("T-2569-000001") == 2


def test_village_that_is_back_while_its_fault_goes_on_is_told_so(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(site, BACK, capsys)
    assert code == 0
    assert "This village answers again" in text
    assert "หมู่บ้านนี้กลับมาใช้งานได้แล้ว" in text


def test_village_without_an_open_fault_is_said_to_have_none(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(site, CALM, capsys)
    assert code == 0
    assert "No fault is open." in text
    assert "ไม่มีเหตุขัดข้อง" in text


@pytest.mark.parametrize("target", [CALM, f"AP-{CALM}"])
def test_a_device_that_was_replaced_is_told_of_with_its_village_and_by_its_id(
    site: Site, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(site, target, capsys)
    assert code == 0
    assert "was replaced: serial number B instead of A at 127.0.0.3" in text
    assert "เปลี่ยนเครื่อง: หมายเลขเครื่อง B แทน A ที่ IP 127.0.0.3" in text


def test_a_device_is_explained_by_the_faults_it_is_part_of(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(site, f"AP-{DARK}", capsys)
    assert code == 0
    assert "Almost certainly the Wi-Fi access point of" in text
    assert text.count("T-2569-000001") == 2


def test_unknown_village_is_one_sentence_and_exit_code_2(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(site, "99999999", capsys)
    assert code == 2
    assert text.startswith("There is no village '99999999' in the inventory, nor a device of that id")
    assert text.count("\n") == 1

"""Settings: promised defaults, units, paths, and files that are no settings at all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from netmon.errors import ComplaintsError
from netmon.model.faults import Cause
from netmon.model.notices import Channel
from netmon.settings import Settings, load_settings, settings_schema
from netmon.settings.complaints import Notes
from netmon.settings.document import parse
from netmon.settings.gateways import FileMail, FileSms, HttpSms, KannelSms, SmtpMail
from netmon.settings.values import Section

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    "probing": {
        "interval": 20.0,
        "timeout": 1.0,
        "namespace": "",
        "snmp_interval": 60.0,
        "snmp_background_interval": 2700.0,
        "snmp_timeout": 2.0,
        "snmp_retries": 1,
        "snmp_port": 161,
        "profiles": None,
    },
    "health": {
        "odds": {"false_down": 1e-9, "minimum": 3, "maximum": 12, "within": 12.0, "spacing": 1.0},
        "recovery": {"steady": 30.0},
        "agents": {"rounds": 5, "steady": 3},
    },
    "conclude": {"settle": 10.0, "window": 180.0, "merge_within": 300.0},
    "isolation": {"reference_targets": [], "window": 10.0, "share": 0.9},
    "notices": {
        "hold": {"mail": 120.0, "sms": 300.0},
        "hold_by_cause": {},
        "coalesce": 300.0,
        "in_doubt": 600.0,
        "limits": {"mail_per_hour": 10, "sms_per_day": 6, "sms_per_minute": 600},
        "noc_mail": "",
        "contact_number": "1111 กด 88",
        "map_link": "https://www.google.com/maps?q={lat},{lon}",
        "from_address": "netmon@localhost.localdomain",
        "reply_to": "",
        "sender_name": "netmon เน็ตประชารัฐ",
    },
    "mail": {"driver": "file", "directory": "mail"},
    "sms": {"driver": "file", "directory": "sms"},
    "templates": {"directory": None},
    "credentials": {},
    "store": {"url": "sqlite:///netmon.db", "keep": 63072000.0},
    "web": {
        "listen": "127.0.0.1",
        "port": 9870,
        "insecure": False,
        "token_sha256": "",
        "tls_certificate": None,
        "tls_key": None,
        "client_ca": None,
    },
    "inventory": {"directory": "inventory"},
    "tickets": {"close_after": 86400.0},
    "reload": {"retired_share": 0.05},
    "log": {"level": "info"},
}


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "netmon.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaints_of(path: Path) -> list[str]:
    with pytest.raises(ComplaintsError) as caught:
        load_settings(path, {})
    return list(caught.value.complaints)


def keys_of(model: type[BaseModel], at: str = "") -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield f"{at}{name}", info
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from keys_of(kind, f"{at}{name}.")


def test_defaults_are_the_promised_ones() -> None:
    assert Settings().model_dump(mode="json") == PROMISED


def test_every_key_says_what_it_means() -> None:
    for key, info in keys_of(Settings):
        assert info.description and len(info.description) > 10, key


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings().web, "port", 1)  # noqa: B010


def test_empty_file_gives_the_defaults_with_absolute_paths(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "# nothing\n"), {"STATE_DIRECTORY": "/var/lib/netmon:/other"})
    assert settings.inventory.directory == tmp_path / "inventory"
    assert settings.templates.directory is None
    assert isinstance(settings.mail, FileMail)
    assert settings.mail.directory == Path("/var/lib/netmon/mail")
    assert settings.store.url == "sqlite:////var/lib/netmon/netmon.db"


def test_absolute_paths_stay_and_relative_ones_start_at_the_file(tmp_path: Path) -> None:
    text = "inventory: {directory: ../lists}\nstore: {url: 'sqlite:////srv/n.db'}\nsms: {directory: /srv/sms}\n"
    settings = load_settings(write(tmp_path, text), {})
    assert settings.inventory.directory == tmp_path / "../lists"
    assert settings.store.url == "sqlite:////srv/n.db"
    assert isinstance(settings.sms, FileSms)
    assert settings.sms.directory == Path("/srv/sms")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20", 20), ("20.5", 20.5), ("500ms", 0.5), ("20s", 20), ("5m", 300), ("24h", 86400), ("2 d", 172800)],
)
def test_durations_are_read_in_all_their_units(tmp_path: Path, text: str, seconds: float) -> None:
    assert load_settings(write(tmp_path, f"tickets: {{close_after: {text}}}\n"), {}).tickets.close_after == seconds


def test_shares_may_be_percentages(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "reload: {retired_share: 12.5 %}\n"), {}).reload.retired_share == 0.125


def test_section_with_all_keys_commented_out_is_the_default(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "health:\n#  odds:\nweb:\n"), {}).web == Settings().web


def test_holds_of_single_causes_become_overrides(tmp_path: Path) -> None:
    text = "notices:\n  hold_by_cause:\n    power: {sms: 15m, mail: 0}\n    unknown: {sms: never}\n    agent:\n"
    assert load_settings(write(tmp_path, text), {}).notices.overrides() == {
        (Cause.POWER, Channel.MAIL): 0.0,
        (Cause.POWER, Channel.SMS): 900.0,
        (Cause.UNKNOWN, Channel.SMS): None,
    }


def test_only_loopback_is_listened_on_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings().web.is_loopback
    assert not load_settings(write(tmp_path, "web: {listen: '::'}\n"), {}).web.is_loopback


def test_missing_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert complaints_of(path) == [f"{path}: no such file; check the path, or copy the example from config/netmon.yaml"]


def test_directory_says_so(tmp_path: Path) -> None:
    assert complaints_of(tmp_path) == [f"{tmp_path}: is a directory; name the file in it, e.g. netmon.yaml"]


def test_file_that_is_not_utf8_says_so_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "log: {}\n# ไทย\n".encode("cp874"))
    assert complaints_of(path) == [f"{path}:2: is not UTF-8 text; save it as UTF-8"]


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, b"#" * 300_000)
    assert complaints_of(path) == [f"{path}: is too large for a settings file; give the file netmon.yaml is kept in"]


def test_brackets_without_end_are_a_complaint(tmp_path: Path) -> None:
    path = write(tmp_path, b"[" * 100_000)
    assert complaints_of(path) == [f"{path.name}: is not valid YAML; compare it with the example in config/netmon.yaml"]


def test_billion_laughs_are_one_complaint_each_and_quick(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert len(complaints_of(write(tmp_path, "\n".join(rows)))) > 39


@hypothesis_settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_settings_or_complaints(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    assert_settings_or_complaints(tmp_path_factory, raw)


_WORDS = st.sampled_from(
    ["probing", "health", "odds", "web", "port", "store", "url", "credentials", "notices", "hold_by_cause", "power"]
)
_SCALARS = (
    _WORDS
    | st.sampled_from("1e400 .nan -.inf 0x 0b2 1:99 2019-99-99 *a null ~ yes ' ? | << !!set".split(" "))
    | st.sampled_from([f"!!{tag} x" for tag in ("int", "float", "bool", "seq", "map", "timestamp", "binary", "null")])
    | st.sampled_from(["!!int '+'", "!!float ''", '"\\ud800"', "&a x", "- "])
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(_SCALARS, inner), max_size=3).map(
            lambda pairs: f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"
        )
    ),
    max_leaves=12,
)


@hypothesis_settings(deadline=None)
@given(st.lists(st.tuples(_WORDS, _TREES), max_size=4))
def test_any_near_miss_is_settings_or_complaints(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in pairs)
    assert_settings_or_complaints(tmp_path_factory, text.encode())


def assert_settings_or_complaints(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    try:
        load_settings(path, {})
    except ComplaintsError as error:
        assert error.complaints
        assert all(line.isprintable() for line in error.complaints)


def test_example_settings_name_every_key_and_load() -> None:
    path = ROOT / "config" / "netmon.yaml"
    load_settings(path, {})
    document = parse(path.read_text(encoding="utf-8"), Notes().page(path.name))
    assert document is not None
    named = {".".join(map(str, at)) for at in document.lines}
    keys = {key for key, _ in keys_of(Settings) if not key.startswith("notices.hold_by_cause.")}
    assert keys <= named


def test_example_settings_are_the_defaults_but_for_the_marked_addresses() -> None:
    example = load_settings(ROOT / "config" / "netmon.yaml", {}).model_dump(mode="json")
    defaults = Settings().model_dump(mode="json")
    example["isolation"]["reference_targets"] = []
    for key in ("noc_mail", "from_address"):
        assert example["notices"].pop(key).endswith("@example.org")
        defaults["notices"].pop(key)
    for section in ("mail", "sms", "inventory", "store"):  # absolute paths
        example.pop(section)
        defaults.pop(section)
    assert example == defaults


def other_gateways() -> list[str]:
    """The example's commented-out ways to deliver, each with its credentials, without the comment marks."""
    text = (ROOT / "config" / "netmon.yaml").read_text(encoding="utf-8")
    blocks = re.findall(r"^# (?:mail|sms):\n(?:#   .*\n)+# credentials:\n(?:#   .*\n)+", text, re.MULTILINE)
    return [re.sub(r"^# ", "", block, flags=re.MULTILINE) for block in blocks]


def test_example_names_every_key_of_every_gateway(tmp_path: Path) -> None:
    gateways: list[Section] = []
    for text in other_gateways():
        settings = load_settings(write(tmp_path, text), {})
        gateways.append(settings.mail if text.startswith("mail") else settings.sms)
    assert [type(one) for one in gateways] == [SmtpMail, KannelSms, HttpSms]
    for one in gateways:
        assert one.model_fields_set == set(type(one).model_fields)


@pytest.mark.parametrize("gateway", [SmtpMail, KannelSms, HttpSms])
def test_every_key_of_a_gateway_says_what_it_means(gateway: type[Section]) -> None:
    for key, info in keys_of(gateway):
        assert info.description and len(info.description) > 10, key


def test_gateways_have_the_promised_defaults(tmp_path: Path) -> None:
    smtp = load_settings(write(tmp_path, "mail: {driver: smtp}\n"), {}).mail
    assert smtp.model_dump(mode="json") == {
        "user": "",
        "credential": None,
        "driver": "smtp",
        "host": "localhost",
        "port": 587,
        "security": "starttls",
        "ca_file": None,
        "timeout": 20.0,
        "connections": 3,
    }
    kannel = load_settings(write(tmp_path, "sms: {driver: kannel}\n"), {}).sms
    assert kannel.model_dump(mode="json") == {
        "user": "",
        "credential": None,
        "driver": "kannel",
        "url": "http://127.0.0.1:13013/cgi-bin/sendsms",
        "sender": "",
        "validity": 14400.0,
        "timeout": 20.0,
        "reports": True,
        "report_to": "",
    }
    http = load_settings(write(tmp_path, "sms: {driver: http, url: 'https://sms.example.org/'}\n"), {}).sms
    assert http.model_dump(mode="json") == {
        "user": "",
        "credential": None,
        "driver": "http",
        "url": "https://sms.example.org/",
        "method": "POST",
        "headers": {},
        "auth": "none",
        "body": "json",
        "fields": {"to": "{to}", "text": "{text}"},
        "number": "e164",
        "answer": {"id": "", "status": ""},
        "statuses": {},
        "report": {"id": "", "status": "", "reason": "", "statuses": {}},
        "report_to": "",
        "poll": None,
        "timeout": 20.0,
    }


def test_schema_for_editors_is_the_exported_one() -> None:
    path = ROOT / "config" / "netmon.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == settings_schema()

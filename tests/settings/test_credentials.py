"""Secrets: found by name, shown to nobody."""

import json
import logging
import pickle
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.settings import Secret, check, load_settings, resolve, resolve_snmp
from netmon.settings.credentials import CredentialSource

KEY = "correct horse"


def source_of(tmp_path: Path, where: str, name: str = "smtp-password") -> CredentialSource:
    path = tmp_path / "netmon.yaml"
    path.write_text(f"credentials: {{{name}: {where}}}\n")
    return load_settings(path, {}).credentials[name]


def test_secret_shows_stars_wherever_it_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    logging.getLogger("test").warning("%s %r %s", secret, secret, {"a": [secret]})
    shown = f"{secret} {secret!r} {[secret]} {caplog.text}"
    assert KEY not in shown
    assert "***" in shown
    assert secret.reveal() == KEY


def test_secret_is_not_pickled_or_dumped() -> None:
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))


def test_equal_secrets_are_equal() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1


def test_secret_is_read_from_systemd(tmp_path: Path) -> None:
    (tmp_path / "smtp-password").write_text(f"{KEY}\nsecond line\n")
    source = source_of(tmp_path, "systemd")
    assert resolve("smtp-password", source, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == Secret(KEY)


def test_secret_is_read_from_the_environment(tmp_path: Path) -> None:
    source = source_of(tmp_path, "environment")
    assert resolve("smtp-password", source, {"NETMON_CREDENTIAL_SMTP_PASSWORD": KEY}) == Secret(KEY)


def test_secret_is_read_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text(KEY)
    assert resolve("smtp-password", source_of(tmp_path, "./smtp"), {}) == Secret(KEY)


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("systemd", "credential 'smtp-password': not started by systemd with LoadCredential=smtp-password"),
        (
            "environment",
            "credential 'smtp-password': the environment variable NETMON_CREDENTIAL_SMTP_PASSWORD is not set",
        ),
        ("./none", "credential 'smtp-password': cannot read {}/none: No such file or directory"),
        ("./empty", "credential 'smtp-password': the first line of {}/empty is empty"),
        ("./binary", "credential 'smtp-password': cannot read {}/binary: not UTF-8 text"),
    ],
)
def test_absent_secret_is_a_sentence_about_the_place(tmp_path: Path, where: str, sentence: str) -> None:
    (tmp_path / "empty").write_text("\nafter\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError) as caught:
        resolve("smtp-password", source_of(tmp_path, where), {})
    assert str(caught.value) == sentence.format(tmp_path)


def test_settings_do_not_hold_secrets(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("credentials: {village-read: ./file}\n")
    (tmp_path / "file").write_text(KEY)
    settings = load_settings(tmp_path / "netmon.yaml", {})
    assert KEY not in repr(settings)
    assert KEY not in settings.model_dump_json()


OLT = "olt-v3: {source: ./olt, user: netmon, auth: sha512, priv: aes256, priv_credential: olt-priv}"


def snmp_site(tmp_path: Path, *lines: str) -> dict[str, CredentialSource]:
    (tmp_path / "olt").write_text(f"{KEY}\n")
    (tmp_path / "second").write_text("battery staple\n")
    (tmp_path / "short").write_text("seven77\n")
    (tmp_path / "netmon.yaml").write_text("credentials:\n" + "".join(f"  {line}\n" for line in lines))
    return load_settings(tmp_path / "netmon.yaml", {}).credentials


def test_one_inventory_may_mix_communities_and_users(tmp_path: Path) -> None:
    credentials = snmp_site(tmp_path, OLT, "olt-priv: ./second", "village-read: ./olt")
    user = resolve_snmp("olt-v3", credentials, {})
    assert user.user == SnmpUser("netmon", Authentication.SHA512, Privacy.AES256)
    assert (user.secret, user.privacy) == (Secret(KEY), Secret("battery staple"))
    community = resolve_snmp("village-read", credentials, {})
    assert (community.user, community.secret, community.privacy) == (None, Secret(KEY), None)
    assert KEY not in repr((user, community))


@pytest.mark.parametrize(
    ("more", "user", "privacy"),
    [
        ("", SnmpUser("netmon", Authentication.SHA256, Privacy.AES128), Secret(KEY)),
        (", priv: none", SnmpUser("netmon", Authentication.SHA256, Privacy.NONE), None),
    ],
)
def test_one_passphrase_serves_twice_unless_there_is_no_privacy(
    tmp_path: Path, more: str, user: SnmpUser, privacy: Secret | None
) -> None:
    found = resolve_snmp("v3", snmp_site(tmp_path, f"v3: {{source: ./olt, user: netmon{more}}}"), {})
    assert (found.user, found.privacy) == (user, privacy)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("v3-oltt", "the settings have no credential 'v3-oltt'; did you mean 'v3-olt'?"),
        ("v3-olt", "credential 'v3-olt': a passphrase of SNMPv3 has 8 characters or more"),
        ("v3-second", "credential 'short': a passphrase of SNMPv3 has 8 characters or more"),
    ],
)
def test_what_no_agent_would_take_is_a_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    lines = (
        "v3-olt: {source: ./short, user: netmon}",
        "v3-second: {source: ./olt, user: netmon, priv_credential: short}",
        "short: ./short",
    )
    with pytest.raises(InputError) as caught:
        resolve_snmp(name, snmp_site(tmp_path, *lines), {})
    assert str(caught.value) == sentence


def test_a_short_passphrase_is_found_by_netmon_check(tmp_path: Path) -> None:
    snmp_site(tmp_path, "v3-olt: {source: ./short, user: netmon}")
    assert any("8 characters or more" in line for line in check(tmp_path / "netmon.yaml", {}).warning_lines())


def test_a_second_passphrase_that_is_not_declared_is_found_by_netmon_check(tmp_path: Path) -> None:
    (tmp_path / "olt").write_text(KEY)
    (tmp_path / "netmon.yaml").write_text(f"credentials:\n  {OLT}\n")
    complaints = "\n".join(check(tmp_path / "netmon.yaml", {}).lines())
    assert "credentials.olt-v3.priv_credential: is not declared under credentials" in complaints


def test_a_user_is_dumped_as_it_was_written(tmp_path: Path) -> None:
    snmp_site(tmp_path, OLT, "olt-priv: ./second")
    dumped = load_settings(tmp_path / "netmon.yaml", {}).model_dump(mode="json")["credentials"]["olt-v3"]
    assert dumped == {
        "source": str(tmp_path / "olt"),
        "user": "netmon",
        "auth": "sha512",
        "priv": "aes256",
        "priv_credential": "olt-priv",
    }

"""Secrets: found by name, shown to nobody."""

import json
import logging
import pickle
from pathlib import Path

import pytest

from netmon.errors import InputError
from netmon.settings import Secret, load_settings, resolve
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

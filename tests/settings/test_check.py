"""`netmon check`: settings, inventory, templates and credentials, all at once."""

import shutil
from pathlib import Path

import pytest

from netmon.settings import check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the example site."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config" / "netmon.yaml"


def test_example_site_is_good(site: Path) -> None:
    report = check(site, {})
    assert (report.lines(), report.warning_lines()) == ((), ())
    assert report.is_good
    assert report.settings is not None
    assert report.inventory is not None
    assert len(report.inventory.villages) == 6


def test_mistakes_of_all_files_come_in_one_report(site: Path) -> None:
    site.write_text("probing: {intervall: 20}\ntemplates:\n  directory: own\ncredentials: {village-read: ./none}\n")
    centres = site.parent / "inventory" / "service_centres.csv"
    centres.write_text(centres.read_text().replace("desk-ubn@example.org", "desk"))
    report = check(site, {})
    assert not report.is_good
    assert report.lines() == (
        "netmon.yaml:1: probing.intervall: unknown key; did you mean 'interval'?",
        f"netmon.yaml:3: templates.directory: {site.parent}/own has no folder th or en; "
        "make the folders, or leave the key out",
        "service_centres.csv:2: email: 'desk' is no e-mail address; write one address such as a@example.org",
    )
    assert report.warning_lines() == (
        "netmon.yaml:4: credentials.village-read: credential 'village-read': cannot read "
        f"{site.parent}/none: No such file or directory; netmon run needs it",
    )
    assert (report.settings, report.inventory) == (None, None)


def test_inventory_is_still_looked_at_where_only_settings_are_wrong(site: Path) -> None:
    site.write_text("web: {port: high}\n")
    report = check(site, {})
    assert report.settings is None
    assert report.inventory is not None


def test_mistaken_inventory_section_is_one_complaint(site: Path) -> None:
    site.write_text("inventory: {directry: elsewhere}\n")
    assert check(site, {}).lines() == ("netmon.yaml:1: inventory.directry: unknown key; did you mean 'directory'?",)


def test_mistaken_credentials_do_not_make_devices_wrong(site: Path) -> None:
    site.write_text("credentials: {village-read: public}\n")
    devices = site.parent / "inventory" / "devices.csv"
    text = devices.read_text()
    devices.write_text(text.replace("34140101,EX-ONU-34140101,,active,,,,", "34140101,,,active,,,,village-read"))
    report = check(site, {})
    assert len(report.complaints) == 1
    assert "public" not in report.lines()[0]


def test_no_settings_at_all_is_one_complaint(tmp_path: Path) -> None:
    report = check(tmp_path / "none.yaml", {})
    assert len(report.lines()) == 1
    assert not report.is_good


def test_a_mail_servers_certificates_and_credential_are_looked_for(site: Path) -> None:
    login = "user: netmon, credential: smtp-password"
    site.write_text(f"mail: {{driver: smtp, {login}, ca_file: ca.pem}}\ncredentials: {{smtp-password: ./none}}\n")
    report = check(site, {})
    assert report.lines() == (
        f"netmon.yaml:1: mail.ca_file: {site.parent}/ca.pem is not there; "
        "give a file with certificates, or leave the key out",
    )
    assert "credential 'smtp-password': cannot read" in report.warning_lines()[0]


def test_long_report_is_cut_with_a_count(site: Path) -> None:
    site.write_text("".join(f"key{n}: 1\n" for n in range(12)))
    assert len(check(site, {}).lines(5)) == 6
    assert check(site, {}).lines(5)[-1] == "... and 7 more; repair these first"


def test_own_templates_are_accepted_where_their_folder_is(site: Path) -> None:
    site.write_text("templates: {directory: own}\n")
    (site.parent / "own" / "th").mkdir(parents=True)
    report = check(site, {})
    assert report.is_good
    assert report.settings is not None
    assert report.settings.templates.directory == site.parent / "own"


def test_mistakes_in_the_operators_profiles_are_found(tmp_path: Path) -> None:
    site = tmp_path / "netmon.yaml"
    site.write_text("probing: {profiles: mine}\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "acme.yaml").write_text("profile: acme\ntitel: An access point\n")
    sentences = [str(one) for one in check(site, {}).complaints]
    assert "acme.yaml:2: titel: unknown key; did you mean 'title'?" in sentences
    assert "acme.yaml: title: is missing; add it" in sentences


def test_a_folder_of_profiles_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    site = tmp_path / "netmon.yaml"
    site.write_text("probing: {profiles: mine}\n")
    assert any("mine: no such directory" in str(one) for one in check(site, {}).complaints)

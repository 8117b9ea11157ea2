"""Certificates as an authority of one's own would issue them, made by openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:192.0.2.1"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """One that vouches for servers and clients; `pair` is its own."""

    folder: Path
    pair: Pair

    def issue(self, name: str, *, purpose: str = "clientAuth") -> Pair:
        """A certificate for `purpose` (clientAuth or serverAuth)."""
        made = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        extensions = self.folder / f"{name}.extensions"
        extensions.write_text(f"extendedKeyUsage={purpose}\n{NAMES}\n")
        request = self.folder / f"{name}.request"
        _openssl("req", "-newkey", *_KIND, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        signer = ("-CA", self.pair.certificate, "-CAkey", self.pair.key, "-CAcreateserial", "-days", "2")
        _openssl("x509", "-req", "-in", request, *signer, "-extfile", extensions, "-out", made.certificate)
        return made


_KIND = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def authority(folder: Path, name: str = "authority") -> Authority:
    """A new one, with its files in a folder of its own."""
    place = folder / name
    place.mkdir()
    pair = Pair(place / "ca.pem", place / "ca.key")
    own = ("-subj", f"/CN={name}", "-days", "2", "-keyout", pair.key, "-out", pair.certificate)
    _openssl("req", "-x509", "-newkey", *_KIND, *own)
    return Authority(place, pair)


def _openssl(*arguments: str | Path) -> None:
    program = shutil.which("openssl")
    assert program is not None, "openssl is part of every Debian"
    subprocess.run([program, *arguments], check=True, capture_output=True)

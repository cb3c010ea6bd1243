"""Time stamps of checkpoints (RFC 3161), by an authority on loopback that OpenSSL runs."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conftest import missing
from servanda.cli.ledger import command
from servanda.errors import LedgerError, StoreDown
from servanda.ledger import Ledger
from servanda.ledger.timestamp import request_stamp, verify_stamp
from servanda.project import Project

CONFIG = """
[tsa]
default_tsa = here
[here]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@pytest.fixture
def database_url() -> None:
    """SQLite: a checkpoint is the same on every database."""


@dataclass
class Authority:
    """An authority at `url`, whose root certificate lies at `root`."""

    url: str
    root: Path


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    openssl = shutil.which("openssl") or ""
    if not openssl:
        missing("OpenSSL is missing: apt-get install openssl")
    folder = tmp_path / "tsa"
    folder.mkdir()
    _certificates(folder)
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            words = [openssl, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer"]
            subprocess.run(words, cwd=folder, check=True, capture_output=True)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "answer").read_bytes())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Stamps)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Authority(f"http://127.0.0.1:{server.server_port}/", folder / "root.pem")
    server.shutdown()
    server.server_close()


def _certificates(folder: Path) -> None:
    """A root, and a certificate for time stamping under it."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "tsa")}
    names = {n: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {n}")]) for n in keys}
    now = datetime.now(UTC)
    for name, key in keys.items():
        root = name == "root"
        made = x509.CertificateBuilder().subject_name(names[name]).issuer_name(names["root"])
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        made = made.add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key())
        made = made.add_extension(issuer, critical=False)
        if not root:
            made = made.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
            )
        signed = made.sign(keys["root"], hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.key").write_bytes(secret)


def test_a_checkpoint_is_stamped_and_verified_offline(
    full: Ledger, authority: Authority, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, kept = Project(project, database=full._db, vault=full._vault), tmp_path / "kept.txt"
    command.main(
        ["checkpoint", "--out", str(kept), "--timestamp", authority.url], obj=own, standalone_mode=False
    )
    stamp = tmp_path / "kept.txt.tsr"
    at = verify_stamp(stamp.read_bytes(), kept.read_text(encoding="utf-8"), authority.root.read_bytes())
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    words = ["verify", "--against", str(kept), "--stamp", str(stamp), "--authority", str(authority.root)]
    assert command.main(words, obj=own, standalone_mode=False) == 0
    assert f"was stamped at {at:%Y-%m-%d %H:%M}" in capsys.readouterr().out


def test_a_stamp_is_of_one_checkpoint_and_one_authority(
    full: Ledger, authority: Authority, tmp_path: Path
) -> None:
    note = full.checkpoint().note()
    stamp = request_stamp(authority.url, note)
    full.append("more", {})
    with pytest.raises(LedgerError, match="does not hold"):
        verify_stamp(stamp, full.checkpoint().note(), authority.root.read_bytes())
    (tmp_path / "other").mkdir()
    _certificates(tmp_path / "other")
    with pytest.raises(LedgerError, match="does not hold"):
        verify_stamp(stamp, note, (tmp_path / "other" / "root.pem").read_bytes())
    for altered in (stamp[:-9], b"", b"no stamp"):
        with pytest.raises(LedgerError):
            verify_stamp(altered, note, authority.root.read_bytes())


def test_an_authority_that_is_not_there(full: Ledger) -> None:
    note = full.checkpoint().note()
    with pytest.raises(StoreDown, match="does not answer"):
        request_stamp("http://127.0.0.1:9/", note)
    with pytest.raises(LedgerError, match="is not the address"):
        request_stamp("file:///etc/passwd", note)

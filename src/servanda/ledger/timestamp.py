"""Time stamps of checkpoints by a time-stamping authority (RFC 3161): when it was signed, said by somebody else.

    checkpoint ──SHA-256──▶ authority ──▶ token with the time, signed ──▶ verified offline, with its root certificate

The authority sees a hash, and nothing of the ledger. Needs the package rfc3161-client (extra `evidence`).
"""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

from cryptography.x509 import Certificate, load_pem_x509_certificates

from servanda.errors import LedgerError, Refused, StoreDown

_SECONDS = 30
_MOST_BYTES = 1 << 20


def request_stamp(url: str, note: str) -> bytes:
    """Ask an authority to stamp a checkpoint, and return its answer (DER).

    Raises StoreDown if it does not answer, LedgerError if it refuses or answers for something else.
    """
    client = _client()
    builder = client.TimestampRequestBuilder().data(note.encode()).hash_algorithm(client.HashAlgorithm.SHA256)
    asked = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    if not url.startswith(("http://", "https://")):
        raise LedgerError(f"{url} is not the address of an authority", advice="write it as https://…")
    request = urllib.request.Request(  # noqa: S310 (its scheme was checked)
        url, asked.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            stamp: bytes = answer.read(_MOST_BYTES)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise StoreDown(f"the time-stamping authority does not answer: {url}") from error
    info = _read(client, stamp).tst_info
    if info.nonce != asked.nonce or info.message_imprint.message != asked.message_imprint.message:
        raise LedgerError(
            "the authority has stamped something else", advice="try again, or ask another authority"
        )
    return stamp


def verify_stamp(stamp: bytes, note: str, roots: bytes) -> datetime:
    """Verify the stamp of a checkpoint with the root certificates of its authority (PEM). Returns the time.

    Raises LedgerError if it does not hold.
    """
    client = _client()
    answer = _read(client, stamp)
    try:
        certificates: list[Certificate] = load_pem_x509_certificates(roots)
        embedded = [certificate for certificate in _embedded(answer) if certificate not in certificates]
        verifier = client.VerifierBuilder(roots=certificates, intermediates=embedded).build()
        verifier.verify_message(answer, note.encode())
    except (client.VerificationError, ValueError) as error:
        raise LedgerError(
            f"the time stamp does not hold: {error}",
            advice="it belongs to one checkpoint, and needs the root certificate of its authority (PEM)",
        ) from error
    at: datetime = answer.tst_info.gen_time
    return at


def _embedded(answer: Any) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    return [load_der_x509_certificate(der) for der in answer.signed_data.certificates]


def _read(client: Any, stamp: bytes) -> Any:
    try:
        answer = client.decode_timestamp_response(stamp)
        answer.tst_info  # noqa: B018 (raises for a refusal, which has no token)
    except Exception as error:
        raise LedgerError(
            "this is not a time stamp, or the authority refused",
            advice="ask for a new one, or another authority",
        ) from error
    return answer


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise Refused(
            "a time stamp needs the package rfc3161-client", advice="pip install 'servanda[evidence]'"
        ) from None
    return rfc3161_client

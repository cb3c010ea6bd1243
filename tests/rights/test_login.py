"""Tokens of a company's own login: the good one is believed once, everything else never."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from servanda.database import Database
from servanda.errors import VaultError
from servanda.rights.account.login import BadToken, signed_in
from servanda.stores.document.company import Login
from servanda.vault import Vault

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
LOGIN = Login(issuer="https://app.example.org", keys="login.pem")


def pem(key: Ed25519PrivateKey) -> str:
    public = key.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture
def keys(folder: Path) -> Path:
    (folder / "login.pem").write_text(pem(KEY))
    return folder


def token(key: Any = KEY, algorithm: str = "EdDSA", **changed: Any) -> str:
    """A good token with some claims changed; a time is given as how far it is from now."""
    now = datetime.now(UTC)
    claims = {
        "iss": "https://app.example.org",
        "aud": "servanda",
        "sub": "lea@example.org",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": "n-1",
    }
    changed = {k: now + v if isinstance(v, timedelta) else v for k, v in changed.items()}
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)


def test_a_good_token_is_believed_once(database: Database, vault: Vault, keys: Path) -> None:
    given = token()
    assert signed_in(database, vault, LOGIN, keys, given).subject == "lea@example.org"
    with pytest.raises(BadToken, match="used before"):
        signed_in(database, vault, LOGIN, keys, given)
    assert signed_in(database, vault, LOGIN, keys, token(jti="n-2")).subject == "lea@example.org"


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER},
        {"key": "secret" * 10, "algorithm": "HS256"},
        {"key": pem(KEY).encode()[:64], "algorithm": "HS256"},
        {"key": None, "algorithm": "none"},
        {"key": generate_private_key(65537, 2048), "algorithm": "RS256"},
        {"iss": "https://evil.example.org"},
        {"aud": "other"},
        {"sub": ""},
        {"sub": None},
        {"jti": None},
        {"exp": None},
        {"iat": None},
        {"exp": timedelta(minutes=-5)},
        {"exp": timedelta(days=1)},
        {"iat": timedelta(minutes=4), "exp": timedelta(minutes=5)},
    ],
)
def test_everything_else_is_not_believed(
    database: Database, vault: Vault, keys: Path, changed: dict[str, Any]
) -> None:
    with pytest.raises(BadToken) as caught:
        signed_in(database, vault, LOGIN, keys, token(**changed))
    assert "lea@" not in str(caught.value)


@pytest.mark.parametrize("rubbish", ["", "x", "a.b.c", "é" * 10, "." * 100_000])
def test_rubbish_is_not_believed(database: Database, vault: Vault, keys: Path, rubbish: str) -> None:
    with pytest.raises(BadToken):
        signed_in(database, vault, LOGIN, keys, rubbish)


def test_a_set_of_keys_is_looked_up_by_name(database: Database, vault: Vault, folder: Path) -> None:
    def jwk(key: Ed25519PrivateKey, name: str) -> dict[str, Any]:
        made: dict[str, Any] = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return made | {"kid": name}

    (folder / "set.json").write_text(json.dumps({"keys": [jwk(OTHER, "old"), jwk(KEY, "new")]}))
    login = Login(issuer="https://app.example.org", keys="set.json")
    claims = jwt.decode(token(), options={"verify_signature": False})
    named = jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": "new"})
    assert signed_in(database, vault, login, folder, named).subject == "lea@example.org"
    wrong = jwt.encode(claims | {"jti": "2"}, KEY, algorithm="EdDSA", headers={"kid": "nobody's"})
    with pytest.raises(BadToken):
        signed_in(database, vault, login, folder, wrong)


def test_a_private_key_is_not_taken_to_check_with(database: Database, vault: Vault, folder: Path) -> None:
    form = serialization.PrivateFormat.PKCS8
    private = KEY.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "login.pem").write_bytes(private)
    with pytest.raises(VaultError, match="private key"):
        signed_in(database, vault, LOGIN, folder, token())
    (folder / "login.pem").unlink()
    with pytest.raises(VaultError, match="cannot be read"):
        signed_in(database, vault, LOGIN, folder, token())

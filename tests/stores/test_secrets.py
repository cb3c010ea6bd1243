"""Which columns are credentials: those whose names say so, and those that the stores document names beside them."""

from __future__ import annotations

import pytest

from servanda.stores.discovery.secrets import secrets
from servanda.stores.document.document import Place

pytestmark = pytest.mark.unit


def _words(text: str) -> list[str]:
    return text.split()


PLACE = Place.model_validate({"data": "account", "person": "none"})
CREDENTIALS = _words(
    "pass password passwd pwd passwordHash user_pass mot_de_passe mdp pin pin_hash salt password_salt "
    "secret client_secret webhook_secret token api_token apiToken access_token refresh_token "
    "remember_token csrf_token reset_token resetPasswordToken confirmation_token invitation_token "
    "api_key apikey APIKey ssh_key private_key encryption_key signing_key activation_key license_key "
    "session_key session_id session_data otp totp_secret otp_backup_codes recovery_codes backup_code "
    "verification_code reset_code reset_hash login_hash magic_link security_answer two_factor_secret "
    "mfa_secret jwt credentials remember_me auth_data cle_api jeton "
)
OTHERS = _words(
    "email nick passport_no passport_number passenger compass passed pinned secretary tokenised_name "
    "password_changed_at token_expires_at otp_enabled mfa_enabled two_factor_enabled "
    "last_password_reset_at reset_sent_at api_key_count public_key_id device_token push_token "
    "key_account primary_key_name keyboard session_count session_started_at code postal_code zip_code "
    "promo_code reset activation verified_at hash_tag author passive "
)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_name_of_a_credential_is_known(name: str) -> None:
    assert secrets(PLACE, (name,)) == (name,)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_credential_is_copied(name: str) -> None:
    assert secrets(PLACE, (name,)) == ()


def test_naming_one_column_adds_to_those_that_names_tell() -> None:
    place = PLACE.model_copy(update={"secrets": ["pet"]})
    assert secrets(place, ("email", "pet", "api_token")) == ("pet", "api_token")

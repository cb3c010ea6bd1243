"""The vault: keys, created, used, rotated and destroyed in a folder outside the project.

    signing-1        Ed25519: signs the checkpoints of the ledger
    identifiers-1    HMAC-SHA256: derives a reference from an address
    pseudonym-1      HMAC-SHA256: derives pseudonyms
    seal-1           AES-256-GCM: wraps the keys of records
    records/<id>     the key of a hold, request or archive segment; destroying it makes their data unreadable
    datakeys.db      the data keys of archived persons, each wrapped by the key of its segment

The folder is $SERVANDA_VAULT, or `servanda` in the user's data folder, with a sub-folder per project.
Folders must have mode 0700 and files 0600, or the vault is not opened.
"""

from servanda.vault.datakeys import DataKeys
from servanda.vault.files import vault_root
from servanda.vault.key import LOSS, Key
from servanda.vault.sealing import Sealing, opened_size, unseal
from servanda.vault.vault import Vault

__all__ = ["LOSS", "DataKeys", "Key", "Sealing", "Vault", "opened_size", "unseal", "vault_root"]

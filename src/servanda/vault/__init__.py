"""Keys and secrets: made, used, rotated and destroyed, in a folder outside the project.

    signing-1        Ed25519: signs the checkpoints of the ledger
    identifiers-1    HMAC-SHA256: the only way from an address to a reference
    pseudonym-1      HMAC-SHA256: makes pseudonyms that only this key can make again
    seal-1           AES-256-GCM: wraps the keys of single records
    records/<id>     the key of one hold, request or archive segment; destroying it ends what it sealed
    datakeys.db      the data keys of archived persons, each wrapped by the key of its segment

The folder is $SERVANDA_VAULT, or `servanda` in the user's data folder; each project has
a sub-folder of its own in it. Folders are 0700 and files 0600, or the vault is not opened.
"""

from servanda.vault.datakeys import DataKeys
from servanda.vault.files import vault_root
from servanda.vault.key import LOSS, Key
from servanda.vault.sealing import Sealing, unsealed
from servanda.vault.vault import Vault

__all__ = ["LOSS", "DataKeys", "Key", "Sealing", "Vault", "unsealed", "vault_root"]

"""The archive of encrypted files: segments under keys of the vault, and the index of what lies in them."""

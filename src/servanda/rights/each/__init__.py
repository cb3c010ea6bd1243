"""The rights, one file each."""

"""The subcommands of `servanda request`."""

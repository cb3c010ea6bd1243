"""The faces on the web: the centre for persons. Pages are made on the server, and need no script."""

"""The web interfaces: the privacy centre, rendered on the server without scripts, and the decision endpoint."""

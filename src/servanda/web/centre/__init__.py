"""The privacy centre: what is promised, a way to ask, the state of one's request."""

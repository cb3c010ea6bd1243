"""The answer to a request: its outcome, its letter, and the copy that the person downloads."""

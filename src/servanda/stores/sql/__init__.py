"""Stores that are SQL databases: what they share, and one folder for each kind with what differs."""

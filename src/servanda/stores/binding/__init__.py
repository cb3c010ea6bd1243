"""Binding: the places of stores.yaml are held against the tables that are really there."""

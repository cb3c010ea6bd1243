"""The stores document (stores.yaml) as typed models: one file for each group of keys."""

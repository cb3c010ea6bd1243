"""Rules on stores.yaml and on the stores themselves (SV4xx)."""

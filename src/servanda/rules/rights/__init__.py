"""Rules on the rights of persons and on answers to their requests (SV3xx)."""

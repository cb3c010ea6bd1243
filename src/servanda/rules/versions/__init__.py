"""Rules on versions of the policy and on how changes are announced (SV7xx)."""

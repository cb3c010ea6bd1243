"""Rules on consent, trackers, messages and minors (SV211 to SV241)."""

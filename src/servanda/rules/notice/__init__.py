"""Rules on the notice itself: who is named, in which role and which language (SV9xx)."""

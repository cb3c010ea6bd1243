"""Rules on purposes, legal bases and the data collected (SV201 to SV209)."""

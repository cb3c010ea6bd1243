"""Rules on periods, archives, backups and holds (SV1xx, SV501)."""

"""Rules on claims of security, breaches and sensitive data (SV6xx)."""

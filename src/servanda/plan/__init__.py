"""Plans: what will be done, to how many rows, and why (Due + Hold -> Step -> Plan)."""

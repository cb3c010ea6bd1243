"""Discovery: what a column holds, told from its name and its values, and what nobody declared."""

"""What a rule is, what it sees, how rules are run, and their manuals."""

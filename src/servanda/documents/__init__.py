"""Documents: the papers that persons, officers and auditors read, in French and English."""

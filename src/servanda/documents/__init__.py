"""Documents for persons, officers and auditors, in French and English: letters and copies of data."""

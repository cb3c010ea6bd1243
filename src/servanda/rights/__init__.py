"""Rights: a person's request from receipt to answer, and one file per right."""

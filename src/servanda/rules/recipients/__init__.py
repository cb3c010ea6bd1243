"""Rules on recipients, processors and transfers to other countries (SV51x)."""

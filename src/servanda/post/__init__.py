"""Letters in the outbox, and the carriers that send them."""

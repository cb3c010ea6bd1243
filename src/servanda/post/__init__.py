"""Post: letters that wait to be sent, and how they are handed over."""

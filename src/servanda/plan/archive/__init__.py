"""Archives in plans: due archived rows, and an overview of what is archived."""

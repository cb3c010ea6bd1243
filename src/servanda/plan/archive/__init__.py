"""What a plan does with archives: what is copied there, what ends there, where it lies."""

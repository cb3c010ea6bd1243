"""What the timer and `serve` do: send letters, end records whose time is over, remind of deadlines."""

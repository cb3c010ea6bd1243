"""What the law says, as data with dates, and how legal time is counted.

Nothing here reads a clock or a database: each function gets its dates and gives
dates back, so that every answer can be computed again for another day.
"""

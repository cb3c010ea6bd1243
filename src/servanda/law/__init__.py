"""The law: dated facts as data, and the calculation of legal deadlines.

Nothing here reads the clock or a database: functions take dates and return dates, so every result
is reproducible.
"""

"""The background worker: carries out requests, sends letters, raises deadline alarms, expires records."""

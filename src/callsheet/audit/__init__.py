"""The audit: one hash-chained record per run, and what shows when somebody changes them.

What belongs here: records, the log that chains them, the tape of requests, and the check. No store: what
is needed of one is in `log`.
"""

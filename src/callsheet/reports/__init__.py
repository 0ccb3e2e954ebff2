"""What people and programs are shown: one view of a plan, a drift check or an outcome, several formats.

Views (`plan_view.py`, `drift_view.py`) are made once and hold no secret; formats only lay them out and
escape for where they write. The terminal and JSON are here; other formats take their place beside them.
"""

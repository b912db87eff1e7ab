"""Calls of functions that exist already: what they were asked and what they answered, recorded and kept.

Nothing here needs more than Python's standard library, since it runs inside other people's programs. Files that begin
with `_` go into wheels as they are.
"""

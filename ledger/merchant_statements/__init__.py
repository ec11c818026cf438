"""Merchants' statements, as finance people work with them: closed for everybody at once, shown, written out.

Rule of the room: nothing is decided and nothing is stored here; over HTTP and on the command line
the same calls are made.
"""

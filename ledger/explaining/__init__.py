"""Explaining: from events to ordered steps, each recomputed, and from steps to sentences.

Rule of the room: pure. It knows the domain and no database; what a step says in a language stands in
that language's table and nowhere else.
"""

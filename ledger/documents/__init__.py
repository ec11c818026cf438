"""A statement as a document: JSON, CSV, XLSX or PDF, in Chinese or English.

Rule of the room: documents are pure. They take a statement and its lines and write bytes, the same
for the same statement; they know neither database nor clock, and every format shows the same numbers.
"""

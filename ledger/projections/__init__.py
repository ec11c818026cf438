"""Views over the log, one file each: its fold and its queries."""

"""HTTP only: read a request, make one call down, write the answer."""

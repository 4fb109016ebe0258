"""Pictures from strangers: read their headers, limit what they cost, and re-encode them.

Of the server, it imports `protocol` only.
"""

"""Pictures from strangers: read their headers, limit what they cost, and re-encode them.

The only other package of `signaling` that this package imports is `protocol`.
"""

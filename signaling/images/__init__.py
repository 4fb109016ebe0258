"""Pictures from strangers: read their headers, limit the memory and time that they take, and re-encode them.

The only other package of `signaling` that this package imports is `protocol`.
"""

"""Pictures from strangers: read their headers, limit what they cost, and re-encode them. Imports no other server package."""

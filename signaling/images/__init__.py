"""Pictures from strangers: reading their headers, bounding their cost, and re-encoding them. Imports no other server package."""

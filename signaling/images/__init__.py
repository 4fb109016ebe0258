"""Pictures from strangers: what they are, what they cost, and how they are written anew. Imports nothing else of the server."""

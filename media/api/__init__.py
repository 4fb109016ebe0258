"""The part of `media` that other packages may import: messages, an HTTP client, names of recording files."""

"""The part of `media` that other packages may import: messages, an HTTP client, recording files, announcements."""

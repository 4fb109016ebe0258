"""The part of `media` that other packages are allowed to import: messages, an HTTP client, recording files, announcements."""

"""The exception for everything that prevents a backup or a restore."""


class BackupFailed(Exception):
    """A backup could not be made or restored. The exception's text is a sentence for the operator."""

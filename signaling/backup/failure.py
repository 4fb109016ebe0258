"""The only exception that the code of backups raises."""


class BackupFailed(Exception):
    """A backup could not be made or restored. The exception's text is a sentence for the operator."""

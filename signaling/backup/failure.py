"""The one exception of this folder."""


class BackupFailed(Exception):
    """The backup could not be made or restored. The exception's text is a sentence for the operator."""

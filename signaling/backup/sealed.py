"""Encryption of a backup: scrypt makes the key from a passphrase, and AES-256-GCM encrypts the backup in chunks.

The chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), which `age` and Tink also use. A nonce is a
random prefix, the chunk's number, and a flag for the last chunk. So removed, swapped and appended chunks are noticed.

Layout: `MAGIC`, salt (16 bytes), nonce prefix (7 bytes), a value that shows whether the passphrase is right (32 bytes), chunks.
Each chunk has `CHUNK_BYTES` and a tag of 16 bytes. The last chunk is shorter than all earlier chunks, and can be empty.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .failure import BackupFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"sangdam sealed 1\n"
CHUNK_BYTES = 1 << 20
# the shortest allowed passphrase has this many characters; somebody who has the backup can try any number of passphrases
LEAST_CHARACTERS = 12
_TAG_BYTES = 16
_SALT_BYTES, _PREFIX_BYTES, _CHECK_BYTES = 16, 7, 32
_HEAD_BYTES = len(MAGIC) + _SALT_BYTES + _PREFIX_BYTES + _CHECK_BYTES
# each guess of a passphrase costs 64 MiB of memory and 0.2 s
_SCRYPT = {"n": 1 << 16, "r": 8, "p": 1, "maxmem": 1 << 27, "dklen": 64}


def passphrase_of(file: Path) -> str:
    """Return the passphrase of a backup from a file, without white space around it.

    Raises BackupFailed if the file cannot be read.
    """
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupFailed(f"The passphrase cannot be read from {file}: {type(error).__name__}.") from None


def check_passphrase(passphrase: str) -> None:
    """Raise BackupFailed when the passphrase is too short."""
    if len(passphrase) < LEAST_CHARACTERS:
        raise BackupFailed(f"The passphrase is shorter than {LEAST_CHARACTERS} characters. Use several words.")


def _keys(passphrase: str, salt: bytes) -> tuple[AESGCM, bytes]:
    """Return the cipher for a passphrase, and a check value that the backup contains.

    The check value tells a wrong passphrase from a damaged backup.
    """
    derived = hashlib.scrypt(passphrase.encode(), salt=salt, **_SCRYPT)
    return AESGCM(derived[:32]), hashlib.sha256(derived[32:]).digest()


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class SealedWriter(io.RawIOBase):
    """A stream that encrypts what is written to it, and writes the result to `target`.

    `close` writes the last chunk and leaves `target` open.
    """

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        check_passphrase(passphrase)
        salt, self._prefix = os.urandom(_SALT_BYTES), os.urandom(_PREFIX_BYTES)
        self._cipher, check = _keys(passphrase, salt)
        self._head = MAGIC + salt + self._prefix + check
        self._target, self._number, self._buffer = target, 0, bytearray()
        target.write(self._head)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Encrypt bytes, and write each full chunk to `target`. Memory holds at most one chunk and the bytes of one call."""
        added = bytes(data)
        self._buffer += added
        while len(self._buffer) > CHUNK_BYTES:
            self._seal(CHUNK_BYTES, last=False)
        return len(added)

    def _seal(self, length: int, *, last: bool) -> None:
        plain = bytes(self._buffer[:length])
        del self._buffer[:length]
        nonce = _nonce(self._prefix, self._number, last=last)
        self._target.write(self._cipher.encrypt(nonce, plain, self._head))
        self._number += 1

    def close(self) -> None:
        """Encrypt and write the last chunk. A reader refuses a backup without a last chunk, because such a backup was cut off."""
        if not self.closed:
            if len(self._buffer) == CHUNK_BYTES:
                self._seal(CHUNK_BYTES, last=False)
            self._seal(len(self._buffer), last=True)
        super().close()


class SealedReader(io.RawIOBase):
    """A stream that decrypts `source` from its beginning. Raises BackupFailed for a wrong passphrase or a damaged backup."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        head = source.read(_HEAD_BYTES)
        if len(head) != _HEAD_BYTES:
            raise BackupFailed("The backup is damaged: its head is cut off.")
        salt = head[len(MAGIC) :][:_SALT_BYTES]
        self._prefix = head[len(MAGIC) + _SALT_BYTES :][:_PREFIX_BYTES]
        self._cipher, check = _keys(passphrase, salt)
        if not hmac.compare_digest(check, head[-_CHECK_BYTES:]):
            raise BackupFailed("The passphrase is wrong.")
        self._head, self._source, self._number, self._plain, self._ended = head, source, 0, b"", False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Put decrypted bytes of one chunk into the buffer. Return the number of bytes, or 0 at the end of the backup."""
        view = memoryview(buffer)
        while not self._plain and not self._ended:
            self._open_next()
        taken = self._plain[: len(view)]
        view[: len(taken)] = taken
        self._plain = self._plain[len(taken) :]
        return len(taken)

    def _open_next(self) -> None:
        sealed = self._source.read(CHUNK_BYTES + _TAG_BYTES)
        self._ended = len(sealed) < CHUNK_BYTES + _TAG_BYTES
        try:
            self._plain = self._cipher.decrypt(_nonce(self._prefix, self._number, last=self._ended), sealed, self._head)
        except (InvalidTag, ValueError):
            raise BackupFailed("The backup is damaged: a part does not decrypt, or its end is missing.") from None
        self._number += 1

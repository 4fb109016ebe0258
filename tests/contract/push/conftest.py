"""A database with a site and four sessions, on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.contract.webhooks.conftest import records

__all__ = ["records"]

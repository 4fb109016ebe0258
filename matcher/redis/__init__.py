"""The matcher's state in Redis: one call of a Lua function a step, every key under one hash tag a matching domain."""

from matcher.redis.store import RedisStore

__all__ = ["RedisStore"]

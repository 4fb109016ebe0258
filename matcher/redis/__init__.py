"""The matcher's state in Redis: one Lua script call a step, every key under one hash tag a matching domain."""

from matcher.redis.store import RedisStore

__all__ = ["RedisStore"]

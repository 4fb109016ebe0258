"""The matcher's state in Redis. Each step is one call of a Lua function. All keys of a matching domain have the same hash tag."""

from matcher.redis.store import RedisStore

__all__ = ["RedisStore"]

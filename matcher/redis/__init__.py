"""The matcher's state in Redis. Each step is one call of a Lua function; all keys of a matching domain carry one hash tag."""

from matcher.redis.store import RedisStore

__all__ = ["RedisStore"]

"""`sangdam simulate calls`: light clients that call an installation through its public protocol, and report how it went.

The clients speak the protocol of `docs/protocol.md`, as the pages do, and use the packet code of `media`. Light callers need
nothing else of a server, so they can call any installation. No other package imports this package. The command line starts it by
name.
"""

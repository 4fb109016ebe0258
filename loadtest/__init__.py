"""`sangdam simulate calls`: light clients make calls to an installation through its public protocol, and the command reports figures of these calls.

The clients speak the protocol of `docs/protocol.md`, as the pages do, and use the packet code of `media`. They need nothing else
of the server, so they can call any installation. No other package imports this package. The command line imports this package by
its name.
"""

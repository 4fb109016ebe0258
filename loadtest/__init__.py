"""`sangdam simulate calls`: light clients that call an installation through its public protocol, and report how it went.

They use `docs/protocol.md`, as the pages do, and the packets of `media`. They know nothing of the servers, so they can call any
installation. No package imports this one; the command line starts it by name.
"""

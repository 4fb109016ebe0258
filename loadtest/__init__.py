"""`sangdam simulate calls`: light clients call an installation through its public protocol, and report figures.

The clients speak the protocol of `docs/protocol.md`, as the pages do, and use the packet code of `media`. The clients need
nothing else of the server, so they can call any installation. No other package imports this package. The command line imports
this package by its name.
"""

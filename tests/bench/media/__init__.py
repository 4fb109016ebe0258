"""The media plane compared with Janus.

Both get the same packets from the same load generator, with the server on one core and the load on the other.
"""

"""Compare the media workers with Janus.

A media worker and Janus get the same packets from the same load generator. The server that is measured runs on one core, and the
load generator on the other core.
"""

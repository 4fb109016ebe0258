"""Compare the media workers with Janus and rtpengine.

The servers get the same packets from the same load generator. The server that is measured runs on one core, and the
load generator on the other core.
"""

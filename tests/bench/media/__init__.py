"""The media plane beside Janus: the same load generator, the same packets, server on one core and load on the other."""

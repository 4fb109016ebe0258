"""Captions: a separate process (`media.captions.process`) writes down the words of a call.

The worker sends this process a voice only while captions are on for it, and while somebody hears it. `feed` decides which voices
those are, and who may read the words. `link` is the worker's connection. `wire` has the messages between the two. All other
modules run in the captions process.
"""

"""Captions: the words of a call, written down by a process of its own (`media.captions.process`).

The worker sends that process only voices for which captions are on and which somebody hears. `feed` decides which voices those
are, and who may read the words. `link` is the worker's connection. `wire` has the messages between the two. All other modules run
in the captions process.
"""

"""Captions: the words of a call, written down by a process of its own (`media.captions.process`).

The worker sends that process the voices of rooms in which captions are on, and of no others. `feed` decides which voices those
are, and who may read the words. `link` is the worker's connection. All other modules run in the captions process.
"""

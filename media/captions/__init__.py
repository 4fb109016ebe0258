"""Captions: a separate process (`media.captions.process`) writes down the words of a call.

The worker sends a voice to this process only while captions are on for this voice, and while somebody hears the voice. In the
worker, `feed` decides which voices are sent and who is shown the words, and `link` is the connection. `wire` has the messages
between worker and captions process. All other modules run in the captions process.
"""

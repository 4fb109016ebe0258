"""Recording: a separate process writes the packets that arrive from each participant as they came.

The packet path only hands bytes on (`tap`). The worker sends them in batches (`link`). The recorder (`process`) orders packets,
puts frames together and writes them, so that neither Python's lock nor a slow disk can delay a call. When the worker is killed,
the recorder reads the end of its socket and closes its files properly.
"""

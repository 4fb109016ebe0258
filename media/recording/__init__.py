"""Recording: a separate process writes the packets of the recorded participants, decrypted and otherwise unchanged.

The worker queues the bytes of each packet (`tap`) and sends them to the recorder in batches (`link`). The recorder (`process`)
orders packets, puts frames together and writes them to disk. Because the recorder is a separate process, neither Python's lock
nor a slow disk can delay a call. When the worker is killed, the recorder reads the end of its socket and closes its files
properly.
"""

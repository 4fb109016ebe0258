"""`make bench ARGS=load`: ten thousand people in the queue and a thousand consoles on one server."""

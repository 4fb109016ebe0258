"""`make bench ARGS=load`: ten thousand people in line and a thousand consoles on one server."""

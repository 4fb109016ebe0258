"""`make bench ARGS=abuse`: measure how long honest users wait during attacks, and how large the server's memory and log grow."""

"""`make bench ARGS=abuse`: waits of honest users, and memory and log of the server, during attacks."""

"""A day of matching on the engine of the service, with a virtual clock: a model or a file of arrivals in, figures out."""

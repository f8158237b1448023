"""Work outside of requests: what is due is claimed, done, and its result stored."""

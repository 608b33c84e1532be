"""Where stored files lie: a folder of this host, or a bucket of an object store."""

"""Local PocketBase processes: binaries, scratch directories, servers of our own, the embedded server."""

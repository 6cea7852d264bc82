"""A worker that has python-socketio's write-only manager and no server: `cluster_writer_threads.py URL CHANNEL`."""

import commands

commands.obey(commands.manager(write_only=True))

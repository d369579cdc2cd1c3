"""Runs LocalStack for the tests: on the loopback address only, and no longer than the process that started it.

The one argument is a word that marks this process in the list of processes; it is not read.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from twisted.internet import endpoints

PARENT_CHECK_SECONDS = 1.0


class LoopbackServerEndpoint(endpoints.TCP4ServerEndpoint):
    """LocalStack 4.9 leaves the host out of GATEWAY_LISTEN and would listen on every interface."""

    def __init__(self, reactor, port, backlog=50, interface="127.0.0.1"):
        super().__init__(reactor, port, backlog, interface)

    def listen(self, factory):
        return super().listen(factory).addErrback(self.give_up)

    def give_up(self, failure):
        # Left to itself it would say "Ready." with no port open, and hang at its stop.
        print(f"cannot listen: {failure.getErrorMessage()}", file=sys.stderr, flush=True)
        os._exit(1)


def end_with(parent):
    """Ends the whole process group once the parent is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


class GroupedPopen(subprocess.Popen):
    """What LocalStack starts stays in its process group, so that whoever freezes or kills the group reaches it too."""

    def __init__(self, *args, start_new_session=False, **others):
        super().__init__(*args, **others)


endpoints.TCP4ServerEndpoint = LoopbackServerEndpoint
subprocess.Popen = GroupedPopen
threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

from localstack.runtime.main import main  # noqa: E402
from localstack.services.kinesis import packages  # noqa: E402

# Installed with LocalStack itself and not with its first call; and kept to loopback.
packages.kinesismock_package.install = lambda *_: None
packages.kinesismock_package.get_installer().get_executable_path = lambda: str(
    Path(__file__).parent / "kinesis-mock" / "start.cjs"
)

main()

"""OpenSSH's server of its own for the tests: a temporary folder, a free port, another user than root."""

import getpass
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from subprocess import PIPE
from tempfile import mkdtemp

from tests.tools.postgresql import free_port, unprivileged_owner

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/own_key.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
Subsystem sftp {programs}/usr/lib/openssh/sftp-server
"""


@dataclass(frozen=True)
class OpenSSH:
    """A running server that lets one user in by a key, and a folder that he may write."""

    folder: Path
    programs: Path
    user: str
    port: int
    host: str = "127.0.0.1"

    @property
    def own_key(self) -> Path:
        """The private key that is let in."""
        return self.folder / "own_key"

    @property
    def upload(self) -> Path:
        """The folder for files."""
        return self.folder / "upload"

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the server's key, as OpenSSH's own program shows it."""
        shown = subprocess.run([self.keygen, "-l", "-f", self.folder / "host_key.pub"], stdout=PIPE, check=True)
        return shown.stdout.decode().split()[1]

    @property
    def keygen(self) -> Path:
        """The program that makes and shows keys."""
        return self.programs / "usr/bin/ssh-keygen"

    def known_hosts(self, path: Path) -> Path:
        """A known_hosts file with this server's key, written to the path."""
        path.write_text(f"[{self.host}]:{self.port} {(self.folder / 'host_key.pub').read_text()}")
        return path


@contextmanager
def running_openssh(programs: Path) -> Iterator[OpenSSH]:
    """A server that is up while the block runs; its files are deleted afterwards."""
    folder = Path(mkdtemp(prefix="habitue-openssh-"))
    owner = unprivileged_owner(folder)
    server = OpenSSH(folder, _copied(programs, folder), owner or getpass.getuser(), free_port())
    try:
        with started(server, owner=owner):
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(server: OpenSSH, *, owner: str | None) -> Iterator[None]:
    """The server's process, answering."""
    server.upload.mkdir()
    for name in ("host_key", "own_key"):
        make: list[str | Path] = [
            server.keygen,
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-C",
            name,
            "-f",
            server.folder / name,
        ]
        subprocess.run(make, check=True)
    configuration = server.folder / "sshd_config"
    configuration.write_text(CONFIGURATION.format(port=server.port, folder=server.folder, programs=server.programs))
    _give(server.folder, owner)
    process = subprocess.Popen(
        [str(server.programs / "usr/sbin/sshd"), "-D", "-f", str(configuration), "-E", str(server.folder / "log")],
        user=owner,
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, (server.programs / "usr" / "lib").glob("*-linux-*")))},
        cwd="/",
        stdin=subprocess.DEVNULL,
    )
    try:
        _answers(server, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _copied(programs: Path, folder: Path) -> Path:
    """The programs where the server's user may read them; the system's own stay where they are."""
    if programs == Path("/"):
        return programs
    return Path(shutil.copytree(programs, folder / "programs", symlinks=True))


def _give(folder: Path, owner: str | None) -> None:
    if owner:
        user = pwd.getpwnam(owner)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _answers(server: OpenSSH, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(ConnectionRefusedError), closing(create_connection((server.host, server.port), timeout=1)):
            return
        time.sleep(0.02)
    raise AssertionError(f"sshd did not start: {(server.folder / 'log').read_text()}")

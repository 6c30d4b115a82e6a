"""OpenSSH's server for the tests: unpacked from Debian's packages into `.tools/`, so that nothing starts by itself."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".tools" / "openssh"
PROGRAMS = ("usr/sbin/sshd", "usr/lib/openssh/sftp-server", "usr/bin/ssh-keygen")
PACKAGES = ("openssh-server", "openssh-sftp-server", "openssh-client", "libwrap0")
"""libwrap0 is the one library of the server that a small system does not have."""

FAILED = """habitue test-tools: `{command}` failed with status {status}, so OpenSSH's server is missing.
Nothing else was changed; `make test` does not need it.
As root type `apt-get install openssh-server openssh-client` (elsewhere as usual there), then `make test-tools`."""


def openssh_folder() -> Path | None:
    """The folder with usr/sbin/sshd and usr/lib/openssh/sftp-server: unpacked here, or the system's; None for none."""
    roots = (FOLDER, Path("/"))
    return next((root for root in roots if all((root / program).exists() for program in PROGRAMS)), None)


def install_openssh() -> int:
    """Exit status of unpacking the packages; needs no root where the package lists are there."""
    with TemporaryDirectory(prefix="habitue-openssh-") as name:
        command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *PACKAGES]
        done = subprocess.run(command, cwd=name, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(FAILED.format(command=" ".join(command), status=done.returncode), file=sys.stderr)
            return 1
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for package in Path(name).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(FOLDER)], check=True)
    return 0

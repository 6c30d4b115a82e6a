"""A listmonk of its own for the tests: an empty database, a free port, and its mail caught."""

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.orchestration.listeners import Mailbox, mail_server
from tests.tools.postgresql import PostgreSQL, free_port

CONFIGURATION = """
[app]
address = "127.0.0.1:{port}"
admin_username = "{user}"
admin_password = "{password}"
[db]
host = "{database.host}"
port = {database.port}
user = "{database.user}"
password = "{database.password}"
database = "{name}"
ssl_mode = "disable"
max_open = 5
max_idle = 5
max_lifetime = "300s"
"""
SETTINGS = """
update settings set value = 'false' where key = 'app.check_updates';
update settings set value = '["{administrator}"]' where key = 'app.notify_emails';
update settings set value = '"http://127.0.0.1:{port}"' where key = 'app.root_url';
update settings set value = '[{smtp}]' where key = 'smtp';
"""
ADMINISTRATOR = "administrator@example.org"
"""Told of each campaign that ended: without one, listmonk breaks its own connection, and a mail is lost."""
SMTP = {
    "enabled": True,
    "host": "127.0.0.1",
    "auth_protocol": "none",
    "max_conns": 1,
    "idle_timeout": "15s",
    "wait_timeout": "5s",
    "max_msg_retries": 2,
}


@dataclass(frozen=True)
class Listmonk:
    """A running server and what a marketer does with it."""

    port: int
    mail: Mailbox = field(repr=False)
    password: str = field(repr=False)
    user: str = "marketer"

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, said: Any = None) -> Any:
        """What it answers to a marketer."""
        answer = httpx.request(method, f"{self.url}/api/{path}", json=said, auth=(self.user, self.password), timeout=10)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def subscriber(self, address: str) -> dict[str, Any]:
        """One person, as a marketer sees him."""
        query = httpx.QueryParams({"query": f"subscribers.email = '{address}'"})
        [found] = self.call("GET", f"subscribers?{query}")["results"]
        return dict(found)

    def statuses(self, address: str) -> dict[str, str]:
        """The person's status on each list, by the list's name."""
        return {one["name"]: one["subscription_status"] for one in self.subscriber(address)["lists"]}

    def send_campaign(self, list_name: str) -> list[str]:
        """Who got a mail of a campaign to the list."""
        [to] = [one["id"] for one in self.call("GET", "lists?per_page=all")["results"] if one["name"] == list_name]
        said = {"name": "spring", "subject": "spring", "lists": [to], "type": "regular", "messenger": "email"}
        made = self.call("POST", "campaigns", said | {"content_type": "html", "body": "<p>hello</p>"})
        before = len(self.letters())
        self.call("PUT", f"campaigns/{made['id']}/status", {"status": "running"})
        deadline = time.monotonic() + 30
        told = self.call("GET", f"campaigns/{made['id']}")
        # It calls a campaign finished once all mails wait to be sent.
        while told["status"] != "finished" or len(self.letters()) < before + told["to_send"]:
            assert time.monotonic() < deadline, f"it does not end: {self.call('GET', 'logs')}"
            time.sleep(0.1)
            told = self.call("GET", f"campaigns/{made['id']}")
        return sorted(str(mail["To"]).strip("<>") for mail in self.letters()[before:])

    def letters(self, to: str = "") -> list[EmailMessage]:
        """What people got, or one of them."""
        people = [mail for mail in self.mail.letters if ADMINISTRATOR not in str(mail["To"])]
        return [mail for mail in people if to in str(mail["To"])]

    def unsubscribe(self, address: str, *, everywhere: bool = False) -> None:
        """What a person does who follows the link of the last mail."""
        page = self.letters(address)[-1].get_content()
        [link] = set(re.findall(r'href="(http://[^"]+/subscription/[^"]+)"', page))
        assert httpx.get(link, timeout=10).is_success
        said = {"blocklist": "true"} if everywhere else {}
        assert httpx.post(link, data=said, timeout=10).is_success


@contextmanager
def running_listmonk(program: Path, postgres: PostgreSQL) -> Iterator[Listmonk]:
    """A server that is up while the block runs; its database stays until PostgreSQL's files are deleted."""
    name = f"listmonk_{secrets.token_hex(4)}"
    postgres.execute(f"create database {name}")
    with mail_server() as mail, TemporaryDirectory(prefix="habitue-listmonk-") as folder:
        server = Listmonk(free_port(), mail, secrets.token_hex(16))
        told = {"port": server.port, "user": server.user, "password": server.password, "name": name}
        configuration = Path(folder) / "config.toml"
        configuration.write_text(CONFIGURATION.format(database=postgres, **told))
        with started(program, configuration, server, postgres, name):
            yield server


@contextmanager
def started(
    program: Path, configuration: Path, server: Listmonk, postgres: PostgreSQL, database: str
) -> Iterator[None]:
    """The server's process on a fresh database, answering."""
    command = [str(program), "--config", str(configuration)]
    log = configuration.with_name("log")
    with log.open("wb") as out:
        made = subprocess.run([*command, "--install", "--yes"], cwd=program.parent, stdout=out, stderr=out, check=False)
        assert made.returncode == 0, log.read_text()
        smtp = json.dumps(SMTP | {"port": int(server.mail.server.rpartition(":")[2])})
        postgres.execute(f"\\c {database}\n{SETTINGS.format(port=server.port, smtp=smtp, administrator=ADMINISTRATOR)}")
        process = subprocess.Popen(command, cwd=program.parent, stdout=out, stderr=out)
    try:
        _answers(server, process, log)
        yield
    finally:
        process.kill()
        process.wait(10)


def _answers(server: Listmonk, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{server.url}/api/health", auth=(server.user, server.password), timeout=1).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"listmonk did not start: {log.read_text()[-2000:]}")

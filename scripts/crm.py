"""`make crm`: a Tryton CRM with the demo's customers and their scores, in a browser; Ctrl-C stops it."""

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pyspark.sql import Row

from activation.destinations.tryton import FIELDS, PARTY
from activation.destinations.tryton_rpc import Rpc
from activation.frames import view_schema
from activation.payload import OWN_FIELDS
from features import CUSTOMER_FEATURES
from lakehouse.delta import Lakehouse
from lakehouse.errors import HabitueError
from lakehouse.settings import PROJECT, settings
from lakehouse.spark import spark_session
from models.tables import CUSTOMER_SCORES
from orchestration import cli
from pipelines.canonical import CONTACTS
from pipelines.tables import CUSTOMER_PROFILE
from scripts import tryton
from scripts.tryton_server import Group, NotStarted, add_user, make_database, running, update_module

RETAILER = PROJECT / "retailers" / "demo.yaml"
DATABASE, SOURCE, PASSWORD = "crm", "crm", "HABITUE_CRM_PASSWORD"
USERS: Mapping[str, tuple[str, Group]] = {
    "sync": ("Nightly sync", "Habitué sync"),
    "marketing": ("Marketing", "Habitué marketing"),
}
AT_ONCE = 500
KEPT = "passwords.json"

NO_DEMO = """habitue crm: there is no lake at {lake}.
Nothing was started.
Type `make demo` (about 5 minutes), then `make crm`."""
NOT_UP = """habitue crm: {reason}.
The lake is untouched; what the CRM holds lies in {folder}.
Remove the cause (a port in use: `make crm ARGS="--port 8010"`), then `make crm`."""
READY = """
The CRM is up: {address}/#{database}
  marketing reads the scores:  user marketing, password {marketing}
  the administrator:           user admin, password {admin}
{client}After another night `make crm` sends its scores. All passwords stand in {passwords}.
Ctrl-C stops it."""
NO_CLIENT = "There is no npm here, so that the web client is missing: install Node.js, then `make crm`.\n"


def main(arguments: list[str] | None = None) -> int:
    """Start the CRM, make its customers, send the scores and wait; exit status of what failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m scripts.crm", description=__doc__)
    parser.add_argument("--lake", type=Path, default=Path("out/demo/lake"))
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args(arguments)
    if not asked.lake.is_dir():
        print(NO_DEMO.format(lake=asked.lake), file=sys.stderr)
        return 2
    folder = settings().state_folder(str(asked.lake)) / "crm"
    # A shell that starts this in the background has SIGINT ignored.
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.default_int_handler)
    try:
        tryton.install()
        return _serve(asked.lake, folder, port=asked.port)
    except KeyboardInterrupt:
        print("\nThe CRM has stopped.")
        return 0
    except (NotStarted, subprocess.CalledProcessError, HabitueError) as failure:
        print(NOT_UP.format(reason=failure, folder=folder), file=sys.stderr)
        return 1


def _serve(lake: Path, folder: Path, *, port: int) -> int:
    passwords = _prepared(folder)
    with running(folder, DATABASE, port=port) as address:
        url = f"{address}/{DATABASE}"
        if not (folder / "filled").exists():
            _fill(Rpc(url, "admin", passwords["admin"]), lake, passwords)
            (folder / "filled").touch()
        file = _retailer_file(folder, url)
        os.environ[PASSWORD] = passwords["sync"]
        status = cli.main(["deliver", "--retailer", str(file), "--lake", str(lake)])
        if status:
            return status
        client = "" if tryton.has_web_client() else NO_CLIENT
        users = {login: passwords[login] for login in ("admin", "marketing")}
        print(
            READY.format(address=address, database=DATABASE, client=client, passwords=folder / KEPT, **users),
            flush=True,
        )
        while True:
            signal.pause()


def _prepared(folder: Path) -> dict[str, str]:
    """The password of each user, and a database: one that was not filled to its end is made anew."""
    kept = folder / KEPT
    if not (folder / "filled").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        drawn = {login: secrets.token_urlsafe(12) for login in ("admin", *USERS)}
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(drawn))
        print("Making the CRM's database", flush=True)
        make_database(folder, DATABASE, password=drawn["admin"])
    else:
        update_module(folder, DATABASE)
    known: dict[str, str] = json.loads(kept.read_text())
    return known


def _fill(admin: Rpc, lake: Path, passwords: Mapping[str, str]) -> None:
    """The users of the module's groups, and a party for each contact that the retailer's CRM delivered."""
    for login, (name, group) in USERS.items():
        add_user(admin, login, name=name, password=passwords[login], group=group)
    contacts = Lakehouse(str(lake.resolve()), spark_session(settings())).read(CONTACTS.conformed)
    living = contacts.where(f"source = '{SOURCE}' and not coalesce(is_deleted, false)").orderBy("source_contact_id")
    parties = [_party(row) for row in living.toLocalIterator()]
    print(f"Making {len(parties):,} customers in the CRM", flush=True)
    for first in range(0, len(parties), AT_ONCE):
        admin.call(f"{PARTY}.create", parties[first : first + AT_ONCE], {})


def _party(contact: Row) -> dict[str, Any]:
    """A party whose code is the contact's id."""
    name = " ".join(_said(contact, "first_name", "last_name")) or contact["source_contact_id"]
    address = {"street_unstructured": contact["street"], "postal_code": contact["postcode"], "city": contact["city"]}
    return {
        "code": contact["source_contact_id"],
        "name": name,
        "addresses": [["create", [address]]],
        "contact_mechanisms": [
            ["create", [{"type": "other", "value": value} for value in _said(contact, "email", "phone")]]
        ],
    }


def _said(contact: Row, *columns: str) -> Iterable[str]:
    return [contact[name] for name in columns if contact[name]]


def _retailer_file(folder: Path, url: str) -> Path:
    """The demo's retailer file with this CRM as one more destination."""
    said = yaml.safe_load(RETAILER.read_text())
    view = view_schema(CUSTOMER_PROFILE.schema, CUSTOMER_SCORES.schema, CUSTOMER_FEATURES.schema)
    known = {*view.names, *OWN_FIELDS}
    said["syncs"]["tryton_scores"] = {"to": "tryton", "fields": [name for name in FIELDS if name in known]}
    said["destinations"]["tryton"] = {
        "type": "tryton",
        "source": SOURCE,
        "url": url,
        "user": "sync",
        "credentials": PASSWORD,
    }
    path = folder / "retailer.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
    return path


if __name__ == "__main__":
    sys.exit(main())

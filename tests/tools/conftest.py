"""Real servers and programs for the tests of this folder; `make test-tools` installs them."""

from collections.abc import Iterator

import pytest

from lakehouse.settings import PROJECT
from scripts.listmonk import listmonk_program
from scripts.openssh import openssh_folder
from scripts.tools import chromium_program, postgresql_programs
from scripts.tryton import PROGRAMS as TRYTON_PROGRAMS
from tests.tools.chromium import Chromium
from tests.tools.dagster_ui import DagsterUI, running_ui
from tests.tools.listmonk import Listmonk, running_listmonk
from tests.tools.openssh import OpenSSH, running_openssh
from tests.tools.postgresql import PostgreSQL, running_postgresql
from tests.tools.tryton import Crm, Template, template

NOT_HERE = "{name} is not installed: type `make test-tools`, which installs it (as root on Debian)."


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """A PostgreSQL server for the run; tests make tables of their own names."""
    programs = postgresql_programs()
    if programs is None:
        pytest.fail(NOT_HERE.format(name="PostgreSQL"), pytrace=False)
    with running_postgresql(programs) as server:
        yield server


@pytest.fixture(scope="session")
def openssh() -> Iterator[OpenSSH]:
    """OpenSSH's server for the run."""
    programs = openssh_folder()
    if programs is None:
        pytest.fail(NOT_HERE.format(name="OpenSSH's server"), pytrace=False)
    with running_openssh(programs) as server:
        yield server


@pytest.fixture(scope="session")
def listmonk(postgres: PostgreSQL) -> Iterator[Listmonk]:
    """A listmonk for the run; tests send to lists of their own names."""
    program = listmonk_program()
    if program is None:
        pytest.fail(NOT_HERE.format(name="listmonk"), pytrace=False)
    with running_listmonk(program, postgres) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """The installed Chromium."""
    program = chromium_program()
    if program is None:
        pytest.fail(NOT_HERE.format(name="Chromium"), pytrace=False)
    return Chromium(program)


@pytest.fixture(scope="module")
def dagster_ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUI]:
    """`habitue ui` for the fictional retailer at an empty lake."""
    with running_ui(PROJECT / "retailers" / "demo.yaml", tmp_path_factory.mktemp("ui")) as ui:
        yield ui


@pytest.fixture(scope="session")
def crm_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The Tryton database that each test gets a copy of."""
    if not (TRYTON_PROGRAMS / "trytond").exists():
        pytest.fail(NOT_HERE.format(name="Tryton"), pytrace=False)
    return template(tmp_path_factory.mktemp("tryton"))


@pytest.fixture
def crm(crm_template: Template) -> Iterator[Crm]:
    """A Tryton CRM of this test's own, without customers."""
    with crm_template.copied() as copy:
        yield copy

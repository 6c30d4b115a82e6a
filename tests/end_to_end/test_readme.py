"""Every command of the README runs, on a demo small enough for a test."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from pyspark.sql import SparkSession

from lakehouse.settings import PROJECT, environment_with
from orchestration import cli, demo
from tests.end_to_end.lakes import contents, differences

COMMAND = re.compile(r"^\.venv/bin/habitue (.+)$", re.MULTILINE)
README = (PROJECT / "README.md").read_text()
RUN_HERE = (
    "doctor",
    "check",
    "night",
    "reprocess",
    "train",
    "plan",
    "deliver",
    "lift",
    "models",
    "report",
    "resolve",
    "why",
    "review",
    "catalogue",
    "lineage",
    "ui",
)


@pytest.fixture(scope="module")
def demo_folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make demo` leaves, for 400 customers."""
    folder = tmp_path_factory.mktemp("readme")
    assert demo.main(["--customers", "400", "--out", str(folder / "out" / "demo")]) == 0
    return folder


@pytest.fixture
def readers_environment(demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables that the README exports."""
    exported = re.search(r"^export (HABITUE_.+)$", README, re.MULTILINE)
    assert exported is not None
    for pair in shlex.split(exported[1]):
        name, value = pair.split("=")
        monkeypatch.setenv(name, str(demo_folder / value) if value.startswith("out/") else value)
    monkeypatch.chdir(PROJECT)
    return demo_folder


def arguments(command: str, folder: Path) -> list[str]:
    """A command line of the README, with what it writes below the test's folder."""
    return [str(folder / part) if part.startswith("out/") else part for part in shlex.split(command)]


def readme_command(name: str) -> str:
    """The command of the README that begins with this word."""
    found: list[str] = COMMAND.findall(README)
    return next(command for command in found if command.split()[0] == name)


def test_no_command_of_the_readme_is_left_out() -> None:
    assert {command.split()[0] for command in COMMAND.findall(README)} == set(RUN_HERE)


def test_doctor_finds_everything(readers_environment: Path) -> None:
    assert cli.main(arguments(readme_command("doctor"), readers_environment)) == 0


def test_resolve_says_who_is_who_in_a_table_of_people(readers_environment: Path) -> None:
    assert cli.main(arguments(readme_command("resolve"), readers_environment)) == 0
    found = pyarrow.parquet.read_table(readers_environment / "out/members.parquet")
    members = pyarrow.parquet.read_table(readers_environment / "out/demo/landing/loyalty/members_2026-03-01.parquet")
    assert found.select(members.column_names).equals(members)
    assert 0 < len(set(found["customer_id"].to_pylist())) <= members.num_rows


def test_check_previews_the_exports_and_names_the_broken_values(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = cli.main(arguments(readme_command("check"), readers_environment))
    assert status in (0, 1)
    assert "source_contact_id" in capsys.readouterr().out


def test_rerun_of_the_last_night_changes_no_table_and_sends_nothing_twice(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, retailer = readers_environment / "out/demo/lake", PROJECT / "retailers/demo.yaml"
    before = contents(lake, retailer)
    assert cli.main(arguments(readme_command("night"), readers_environment)) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert differences(before, contents(lake, retailer)) == []
    assert said["night"] == "2026-03-02"
    assert Counter(said["tables"]) == Counter({name: sum(rows.values()) for name, rows in before.items()})
    assert sum(sum(one["sent"].values()) for one in said["deliveries"].values()) == 0


def test_catalogue_tells_how_many_rows_the_last_night_left(readers_environment: Path) -> None:
    assert cli.main(arguments(readme_command("catalogue"), readers_environment)) == 0
    found = json.loads((readers_environment / "out/catalogue/catalogue.json").read_text())
    rows = {table["name"]: table["rows"] for table in found["tables"]}
    assert found["night"] == "2026-03-02"
    assert rows["unified.customers"] == rows["unified.customer_profile"] > 0


def test_lineage_ends_at_the_delivered_columns(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments(readme_command("lineage"), readers_environment)) == 0
    assert "web.orders: placed_at  [to_timestamp(placed_at)]" in capsys.readouterr().out


def test_reprocess_brings_back_nothing_that_is_still_broken(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments(readme_command("reprocess"), readers_environment), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["came_back"], told["written"]) == (0, 0)
    assert told["still_aside"] > 0


def test_models_lists_the_champions_with_their_verdicts(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments(readme_command("models"), readers_environment), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])["models"]
    assert [model["model"] for model in listed] == ["churn", "lifetime_value"]
    assert all(version["verdict"] for model in listed for version in model["versions"] if version["windows"])


def test_plan_names_what_a_delivery_would_do(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments(readme_command("plan"), readers_environment)) == 0
    said = capsys.readouterr().out
    assert "win_back to newsletter, as night 2026-03-02 decided" in said
    assert "refused: grade_below_minimum" in said
    assert "Nobody may be contacted as the night decided" in said


def test_lift_says_that_nothing_was_sent_yet(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of so few customers nothing is learned that beats its baseline: nobody was ever contacted."""
    assert cli.main(arguments(readme_command("lift"), readers_environment)) == 2
    assert "nothing was ever acknowledged for the audience win_back" in capsys.readouterr().err


def test_deliver_sends_nothing_that_was_acknowledged(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments(readme_command("deliver"), readers_environment), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sum(sum(one["sent"].values()) for one in said["deliveries"].values()) == 0


def test_report_is_one_page(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments(readme_command("report"), readers_environment)) == 0
    page = (readers_environment / "out/report.html").read_text()
    assert "2 March 2026" in page
    assert "<script" not in page


def test_customer_shows_everything_with_its_source(
    spark: SparkSession, readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = spark.read.format("delta").load(str(readers_environment / "out/demo/lake/personal/unified/customers"))
    someone = golden.where("email is not null").orderBy("customer_id").first()
    assert someone is not None
    assert cli.main(["customer", someone["customer_id"], "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["unified.customers"][0]["email_source"] in {"crm", "web", "pos", "loyalty"}
    assert found["conformed.contacts"]


def test_why_tells_what_links_two_records(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments(readme_command("why"), readers_environment)) == 0
    said = capsys.readouterr().out
    assert "crm:C000000017 and loyalty:29000090001 are one person" in said
    assert "before looking" in said
    assert "<svg" in (readers_environment / "out/why.html").read_text()


def test_review_shows_the_pairs_nearest_to_the_cut(
    readers_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments(readme_command("review"), readers_environment)) == 0
    assert "5 of 5: one person with" in capsys.readouterr().out
    assert "<h1>5 pairs to decide</h1>" in (readers_environment / "out/review.html").read_text()


def test_training_again_says_what_came_of_it(readers_environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments(readme_command("train"), readers_environment)) == 0
    said = capsys.readouterr().out.splitlines()
    assert {line.split(":")[0] for line in said if not line.startswith(" ")} == {
        "churn",
        "lifetime_value",
        "segments",
    }
    assert [line.strip() for line in said if line.startswith("  the data is")] == [
        "the data is limited for training:"
    ] * 2
    cards = [Path(line.partition(": ")[2]) for line in said if line.startswith("  model card: ")]
    assert [card.name.rpartition("_")[0] for card in cards if card.is_file()] == ["churn", "lifetime_value"]


def test_ui_serves_the_lake(readers_environment: Path) -> None:
    command = arguments(readme_command("ui"), readers_environment)
    port = free_port()
    command[command.index("--port") + 1] = str(port)
    with started([sys.executable, "-m", "orchestration.cli", *command]):
        assert answers(f"http://127.0.0.1:{port}/server_info")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class started:  # noqa: N801 - reads as a word in `with started(...)`
    """A process group that ends with the block."""

    def __init__(self, command: list[str]) -> None:
        self.command = command

    def __enter__(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.command, stdout=quiet, stderr=quiet, env=environment_with(), start_new_session=True
        )

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def answers(address: str, seconds: int = 90) -> bool:
    """Whether the address answers within the time."""
    return any(_asked(address) for _ in _every_second(seconds))


def _every_second(seconds: int) -> Iterator[None]:
    for _ in range(seconds):
        yield
        time.sleep(1)


def _asked(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

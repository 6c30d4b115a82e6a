"""The whole retailer: every chunk of customers, every night, into landing files and truth."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthetic import exports_people, exports_reference, exports_touches, exports_trade, truth
from synthetic.faults import CUT, planted
from synthetic.files import Delivery, Landing
from synthetic.identified import identified
from synthetic.messages import campaigns, consents
from synthetic.people import people
from synthetic.purchases import Purchases, Window, purchases, windows
from synthetic.randomness import generator
from synthetic.records import Records, records
from synthetic.settings import Plan
from synthetic.truth import Truth
from synthetic.visits import visits

REPEATED_FILE = (exports_trade.TICKETS, "lux")


@dataclass(frozen=True)
class Written:
    """What a call wrote: data rows by file, and how many rows were planted."""

    rows: dict[str, int]
    planted: int


@dataclass
class Retailer:
    """One call of the generator: its plan and the two folders that it fills."""

    plan: Plan
    landing: Landing
    truth: Truth
    planted: int = 0

    def write(self) -> Written:
        """Write everything."""
        self._reference()
        for first, size in self.plan.chunks:
            self._chunk(first, size)
        self._repeat_files()
        self.landing.close()
        self.truth.close()
        return Written(dict(sorted(self.landing.rows.items())), self.planted)

    def _reference(self) -> None:
        for night in range(self.plan.nights):
            self._deliver(exports_reference.PRODUCTS, exports_reference.products(self.plan, night))
        self._deliver(exports_reference.STORES, exports_reference.store_list())
        self._deliver(exports_reference.RATES, exports_reference.rates(self.plan))

    def _chunk(self, first: int, size: int) -> None:
        plan = self.plan
        persons = people(plan, first, size)
        known = records(plan, persons)
        given = consents(plan, known.crm)
        self._people(persons, known, given)
        for window in windows(plan):
            self._window(persons, known, given, window)
        self.truth.append("persons", truth.true_persons(plan, persons))
        self.truth.append("record_to_person", truth.true_records(plan, known))
        self.truth.append("consents", given.drop(columns=["at", "second"]))
        for night in range(plan.nights):
            self.truth.append("outlook", truth.outlook(plan, persons, given, night))

    def _people(self, persons: pd.DataFrame, known: Records, given: pd.DataFrame) -> None:
        plan, first = self.plan, int(persons["person"].iloc[0])
        for night in range(plan.nights):
            self._deliver(exports_people.CONTACTS, exports_people.contacts(plan, known.crm, night), first, night)
            self._deliver(exports_people.MEMBERS, exports_people.members(plan, known.loyalty, night))
        self._deliver(exports_people.CONSENTS, exports_people.consents(plan, given), first)
        self._deliver(exports_people.ACCOUNTS, exports_people.accounts(plan, known.web))
        self._deliver(exports_people.TILL_CUSTOMERS, exports_people.till_customers(plan, known.pos))
        self._deliver(exports_people.REPLACEMENTS, exports_people.replacements(plan, known.loyalty))

    def _window(self, persons: pd.DataFrame, known: Records, given: pd.DataFrame, window: Window) -> None:
        plan, first = self.plan, int(persons["person"].iloc[0])
        sent = campaigns(plan, persons, given, window)
        bought = purchases(plan, persons, window, sent.response)
        shown = identified(plan, bought, known, persons, window)
        seen = visits(plan, persons, bought, window)
        for delivery, rows in (
            (exports_trade.TICKETS, exports_trade.tickets(plan, bought, shown, window)),
            (exports_trade.TICKET_LINES, exports_trade.ticket_lines(plan, bought, window)),
            (exports_trade.WEB_ORDERS, exports_trade.web_orders(plan, bought, shown, window)),
            (exports_trade.WEB_LINES, exports_trade.web_lines(plan, bought, window)),
            (exports_touches.VISITS, exports_touches.visits(plan, seen, known, persons, window)),
            (exports_touches.MOVEMENTS, exports_touches.movements(plan, bought, shown, known.loyalty, first, window)),
            (exports_touches.MESSAGES, exports_touches.messages(plan, sent.events, window)),
            (exports_touches.SURVEYS, exports_touches.surveys(plan, bought, shown, persons, window)),
        ):
            self._deliver(delivery, rows, first, window.number)
        self._true_window(persons, bought, sent.events, seen)

    def _true_window(self, persons: pd.DataFrame, bought: Purchases, events: pd.DataFrame, seen: pd.DataFrame) -> None:
        number = persons["person"].to_numpy()
        orders = bought.orders[["order_id", "kind", "day", "currency", "amount", "is_web", "message_id"]]
        delivered = orders["day"] < self.plan.nights - 1
        owned = orders.assign(person=number[bought.orders["at"]], known=delivered)
        self.truth.append("orders", owned)
        cookies = seen[seen["at"] >= 0].drop_duplicates("cookie")
        self.truth.append("cookies", pd.DataFrame({"cookie": cookies["cookie"], "person": number[cookies["at"]]}))
        if len(events):
            self._true_messages(persons, bought, events)

    def _true_messages(self, persons: pd.DataFrame, bought: Purchases, events: pd.DataFrame) -> None:
        sent = events.loc[events["kind"] == "sent", ["message_id", "campaign_id", "person", "day", "at"]]
        caused = bought.orders["message_id"].value_counts()
        extra = sent["message_id"].map(caused).fillna(0).astype(np.int64)
        responds = persons["is_responder"].to_numpy()[sent["at"]]
        self.truth.append("messages", sent.drop(columns="at").assign(is_responder=responds, extra_orders=extra))

    def _deliver(self, delivery: Delivery, rows: pd.DataFrame, first: int = -1, window: int = 0) -> None:
        """Plant faults, then append each night's rows to its file; rows of nights to come are left out."""
        name = f"{delivery.source}.{delivery.name}"
        rng = generator(self.plan.seed, f"faults {name}", first + 1, window)
        rows = planted(rng, name, rows, self.plan.faults, first=first == 0) if len(rows) else rows
        rows = rows[rows["_night"] < self.plan.nights]
        rows = rows if "_part" in rows else rows.assign(_part="")
        for night in np.unique(rows["_night"]):
            of_night = rows[rows["_night"] == night]
            for part in np.unique(of_night["_part"].to_numpy(str)):
                self._append(delivery, int(night), of_night[of_night["_part"] == part], str(part))
        if first == 0 and name in CUT and (rows["_night"] == window).any():
            self._cut(delivery, window, CUT[name])

    def _append(self, delivery: Delivery, night: int, rows: pd.DataFrame, part: str) -> None:
        delivered = rows.drop(columns=list(rows.filter(regex="^_")))
        name, before = self.landing.append(delivery, self.plan.night(night), delivered, part)
        if "_planted" not in rows or not (rows["_planted"] != "").any():
            return
        places = np.flatnonzero(rows["_planted"] != "")
        kinds, outcomes = rows["_planted"].iloc[places].tolist(), rows["_outcome"].iloc[places].tolist()
        ones = [1] * len(places)
        self.truth.append(
            "planted", truth.planted_rows(self.plan, name, before + places + 1, night, kinds, outcomes, ones)
        )
        self.planted += len(places)

    def _cut(self, delivery: Delivery, night: int, text: str) -> None:
        """Rows that were cut off, once the first customers' rows of a night are written."""
        name = delivery.file(self.plan.night(night))
        for _ in range(self.plan.faults.cut_rows_per_night):
            number = self.landing.append_text(name, text)
            row = truth.planted_rows(self.plan, name, np.array([number]), night, ["cut_row"], ["rejected"], [1])
            self.truth.append("planted", row)
            self.planted += 1

    def _repeat_files(self) -> None:
        """The smallest group of stores sends a file again under another name, every night."""
        delivery, part = REPEATED_FILE
        for night in range(self.plan.nights):
            name = delivery.file(self.plan.night(night), part)
            for copy in range(self.plan.faults.repeated_files_per_night if name in self.landing.rows else 0):
                again = name.replace(".csv", f"_again{copy + 1}.csv")
                shutil.copyfile(self.landing.folder / name, self.landing.folder / again)
                count = self.landing.rows[name]
                self.truth.append("planted", truth.planted_file(self.plan, again, night, count))
                self.planted += 1


def write_retailer(plan: Plan, folder: Path) -> Written:
    """Write the landing files to `folder/landing` and the truth to `folder/truth`.

    Raises: FileExistsError if the landing folder already holds files: they would be mixed.
    """
    landing = folder / "landing"
    if landing.exists() and any(landing.iterdir()):
        raise FileExistsError(
            f"{landing} already holds files, and a second retailer would be mixed into it. "
            "Nothing was written. Name another folder with --out, or remove this one."
        )
    return Retailer(plan, Landing(landing), Truth(folder / "truth")).write()

"""What may be asked of the fictional retailer: size, dates, rates of dirt, of trade and of faults."""

from dataclasses import dataclass, field, fields
from datetime import date, timedelta

CHUNK = 5_000


@dataclass(frozen=True)
class Dirt:
    """Share of records (0 to 1) that each kind of dirt spoils; defaults are those of issue 3."""

    name_typo: float = 0.08
    nickname: float = 0.06
    name_reversed: float = 0.02
    family_name_changed: float = 0.03
    email_missing_crm: float = 0.15
    email_missing_loyalty: float = 0.30
    email_missing_till: float = 0.60
    email_other: float = 0.25
    email_shared: float = 0.04
    phone_missing: float = 0.40
    phone_shared: float = 0.08
    address_moved: float = 0.10
    birth_date_missing: float = 0.30
    birth_date_wrong: float = 0.03
    crm_duplicate: float = 0.03


@dataclass(frozen=True)
class Trade:
    """How customers behave: a Pareto/NBD process with season, baskets, returns and response to messages."""

    orders_per_year: float = 6.0
    order_rate_shape: float = 0.9
    dropout_per_year: float = 0.35
    dropout_shape: float = 1.5
    extra_lines: float = 1.3
    return_till: float = 0.03
    return_web: float = 0.09
    responders: float = 0.25
    response_lift: float = 2.0
    response_days: int = 7
    campaign_every_days: int = 14
    campaign_share: float = 0.70
    unsubscribe: float = 0.004
    visits_per_year: float = 10.0
    survey: float = 0.05
    card_shown: float = 0.80
    card_replaced: float = 0.05
    staff: float = 0.01
    test_account: float = 0.002


@dataclass(frozen=True)
class Faults:
    """Share of delivered rows that is broken on purpose; each kind occurs once at least on the first night.

    Units: late_file_every is the number of nights after which a group of stores is late again; 0 is never.
    """

    missing_id: float = 0.0003
    unparsed_date: float = 0.0003
    future_date: float = 0.0003
    negative_quantity: float = 0.0003
    unknown_currency: float = 0.0003
    rating_out_of_range: float = 0.002
    exact_repeat: float = 0.002
    late: float = 0.01
    late_file_every: int = 7
    unparsed_birth_date: float = 0.002
    crm_deleted_per_night: float = 0.001
    repeated_files_per_night: int = 1
    cut_rows_per_night: int = 1


# Those that are no share: amounts per year, shapes, numbers of days.
UNBOUNDED = {
    "orders_per_year", "order_rate_shape", "dropout_per_year", "dropout_shape", "extra_lines", "response_lift",
    "response_days", "campaign_every_days", "visits_per_year", "late_file_every", "repeated_files_per_night",
    "cut_rows_per_night",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """One call: how many customers, how many nights, from when, with which rates."""

    customers: int
    nights: int
    seed: int = 7
    days: int = 730
    first_night: date = date(2026, 3, 1)
    dirt: Dirt = field(default_factory=Dirt)
    trade: Trade = field(default_factory=Trade)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        """Refuse what cannot be written.

        Raises: ValueError, naming every option that is out of range.
        """
        wrong = [f"{name} is {value}, not {least} to {most:,}" for name, value, least, most in self._sizes()]
        for section in (self.dirt, self.trade, self.faults):
            wrong += [f"{name} is {value}, not 0 to {most:g}" for name, value, most in _out_of_range(section)]
        if wrong:
            raise ValueError(f"{'; '.join(wrong)}. Nothing was written. See `python -m synthetic --help`.")

    def _sizes(self) -> list[tuple[str, int, int, int]]:
        sizes = (
            ("customers", self.customers, 1, 20_000_000),
            ("nights", self.nights, 1, 900),
            ("days", self.days, 1, 7300),
        )
        return [size for size in sizes if not size[2] <= size[1] <= size[3]]

    def night(self, number: int) -> date:
        """The date of a night; number 0 is the first."""
        return self.first_night + timedelta(days=number)

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """(first person, number of persons) of every chunk of customers."""
        starts = range(0, self.customers, CHUNK)
        return [(start, min(CHUNK, self.customers - start)) for start in starts]


def _out_of_range(section: Dirt | Trade | Faults) -> list[tuple[str, float, float]]:
    rates = ((rate.name, getattr(section, rate.name)) for rate in fields(section))
    limits = ((name, value, 1_000.0 if name in UNBOUNDED else 1.0) for name, value in rates)
    return [(name, value, most) for name, value, most in limits if not 0 <= value <= most]

"""One golden record per customer: each group of fields comes whole from one record, and names it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.customers import changed_at, trusted_first, with_customer
from pipelines.identity.normalise import capitals, email_form, trimmed
from pipelines.identity.phones import country_code
from pipelines.tables import CUSTOMERS

FIELDS = {
    "name": ("first_name", "last_name"),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("street", "postcode", "city", "region", "country"),
    "born_on": ("born_on",),
    "gender": ("gender",),
}
"""The groups of fields that come from one record together."""
LASTING = ("born_on",)
"""Groups of which a person has one value for life."""

FEMALE = ("f", "female", "w", "weiblich", "femme", "woman", "vrouw", "v")
MALE = ("m", "male", "männlich", "maennlich", "homme", "man", "h")


@dataclass(frozen=True)
class Group:
    """Fields that come from one record together.

    Units: says is what two sources have to say alike to agree, null where a record says nothing valid; in_part is true
           of values that count only where no whole one is there.
    """

    name: str
    says: Column
    values: Sequence[Column]
    in_part: Column

    @property
    def form(self) -> Column:
        """What the record says, computed once."""
        return F.col(f"_form_{self.name}")

    @property
    def said(self) -> Column:
        """What the records of the customer say: a set of (form, source, day)."""
        return F.col(f"_said_{self.name}")


def golden_records(
    links: DataFrame,
    contacts: DataFrame,
    records: DataFrame,
    heirs: DataFrame,
    *,
    trust: Sequence[str],
    region: str | None = None,
) -> DataFrame:
    """The best name, e-mail, phone, address, birth date and gender of each customer, each with its record and date.

    Grain:  one row per customer_id of links; customers known by facts alone have no personal values.
    Reads:  conformed.contacts for values, their unified.person_records for the forms in which two sources agree;
            heirs (old_customer_id, customer_id) as from `living_ids`.
    Units:  whole valid values go first, then what two sources say alike, then the order of `trust`, then the newest.
            A birth date does not change, so two sources that agree overrule the trusted one. Everything else does, and
            systems that nobody told still agree on the old value: there agreement counts unless another value came in
            on a later day. Records that their source has deleted contribute nothing; fields of one group never come
            from two records.
    """
    living = with_customer(links, contacts.where("not is_deleted"))
    known = living.join(_normalised(records), ["source", "source_contact_id"]).withColumns(_values(region))
    groups = _groups()
    formed = known.withColumns({f"_form_{group.name}": group.says for group in groups})
    of_customer = Window.partitionBy("customer_id")
    said = formed.withColumns({f"_said_{group.name}": _said(group).over(of_customer) for group in groups})
    best = said.groupBy("customer_id").agg(*(_best(group, trust) for group in groups))
    counted = links.groupBy("customer_id").agg(
        F.count("*").cast("int").alias("records_count"), F.sort_array(F.collect_set("source")).alias("sources")
    )
    fields = [column for name in FIELDS for column in _told(name)]
    old_ids = F.sort_array(F.collect_list("old_customer_id")).alias("previous_ids")
    joined = counted.join(best, "customer_id", "left")
    joined = joined.join(heirs.groupBy("customer_id").agg(old_ids), "customer_id", "left")
    known_by = ["customer_id", "records_count", "sources", "previous_ids"]
    return joined.select(*known_by, *fields).select(*CUSTOMERS.column_names)


def _normalised(records: DataFrame) -> DataFrame:
    """The normalised forms of each record, by source and source_contact_id; empty ones are null."""
    place = F.concat_ws("|", F.coalesce("postcode", "city"), "street", "house")
    return records.select(
        "source",
        F.trim("source_contact_id").alias("source_contact_id"),
        F.nullif(F.array_join(F.array_sort("tokens"), " "), F.lit("")).alias("_name"),
        F.col("email").alias("_mailbox"),
        F.col("phone").alias("_phone"),
        F.nullif(place, F.lit("")).alias("_place"),
        F.col("born_on").alias("_born"),
    )


def _values(region: str | None) -> dict[str, Column]:
    """Valid values beside the delivered ones; a whole name in one field is parted, capitals being the family name."""
    words = F.split(F.trim("full_name"), r"\s+")
    loud = capitals(F.col("full_name"))
    quiet = F.concat_ws(" ", F.filter(words, lambda word: ~F.array_contains(F.split(loud, " "), word)))
    parted = trimmed(F.col("first_name")).isNotNull() & trimmed(F.col("last_name")).isNotNull()
    first = F.coalesce(F.when(loud.isNotNull(), quiet), F.when(F.size(words) > 1, words[0]))
    rest = F.coalesce(loud, F.concat_ws(" ", F.slice(words, F.when(F.size(words) > 1, 2).otherwise(1), 99)))
    whole = trimmed(F.col("full_name")).isNotNull() & ~parted
    return {
        "_parted": parted,
        "_first": F.when(whole, first).otherwise(trimmed(F.col("first_name"))),
        "_last": F.when(whole, rest).otherwise(trimmed(F.col("last_name"))),
        "_email": email_form(F.col("email")),
        "_born": F.when(F.col("_born") <= F.col("arrived"), F.col("_born")),
        "_gender": _gender(F.col("gender")),
        "_country": F.coalesce(country_code(F.col("country")), F.when(F.col("postcode").isNotNull(), F.lit(region))),
    }


def _groups() -> list[Group]:
    address = [*(trimmed(F.col(part)) for part in FIELDS["address"][:4]), F.col("_country")]
    street, postcode, city, *_ = address
    has_place = postcode.isNotNull() | (street.isNotNull() & city.isNotNull())
    never = F.lit(1) == 0
    return [
        Group("name", F.col("_name"), [F.col("_first"), F.col("_last")], in_part=~F.col("_parted")),
        Group("email", F.col("_mailbox"), [F.col("_email")], in_part=never),
        Group("phone", F.col("_phone"), [F.col("_phone")], in_part=never),
        Group("address", F.when(has_place, F.col("_place")), address, in_part=street.isNull()),
        Group("born_on", F.col("_born").cast("string"), [F.col("_born")], in_part=never),
        Group("gender", F.col("_gender"), [F.col("_gender")], in_part=never),
    ]


def _gender(delivered: Column) -> Column:
    """female, male or other; null where nothing is said."""
    plain = F.lower(F.trim(delivered))
    named = F.when(plain.isin(*FEMALE), "female").when(plain.isin(*MALE), "male")
    return named.when(F.length(plain) > 0, "other")


def _said(group: Group) -> Column:
    day = F.coalesce(F.to_date(changed_at()), F.to_date(F.lit("1970-01-01")))
    return F.collect_set(F.when(group.form.isNotNull(), F.struct(group.form.alias("form"), "source", day.alias("day"))))


def _is_agreed(group: Group) -> Column:
    """Whether another source says the same, and for what changes, nobody has said otherwise on a later day."""
    confirmed = F.exists(group.said, lambda one: (one["form"] == group.form) & (one["source"] != F.col("source")))
    if group.name in LASTING:
        return confirmed
    same = F.filter(group.said, lambda one: one["form"] == group.form)
    last = F.array_max(F.transform(same, lambda one: one["day"]))
    return confirmed & ~F.exists(group.said, lambda one: (one["form"] != group.form) & (one["day"] > last))


def _best(group: Group, trust: Sequence[str]) -> Column:
    """The fields of the first valid record, as one struct with the record's source, id and date."""
    order = [group.in_part, ~_is_agreed(group), *trusted_first(trust)]
    ranked = F.struct(*(column.alias(f"rank_{place}") for place, column in enumerate(order)))
    record = [F.col("source"), F.col("source_contact_id").alias("record"), changed_at().alias("updated_at")]
    fields = [value.alias(name) for name, value in zip(FIELDS[group.name], group.values, strict=True)]
    valid = F.when(group.form.isNotNull(), F.struct(ranked.alias("rank"), F.struct(*record, *fields).alias("value")))
    return F.min(valid)["value"].alias(f"_{group.name}")


def _told(group: str) -> list[Column]:
    """The columns of the group in unified.customers."""
    of_record = [F.col(f"_{group}.{part}").alias(f"{group}_{part}") for part in ("source", "record", "updated_at")]
    return [*(F.col(f"_{group}.{field}") for field in FIELDS[group]), *of_record]

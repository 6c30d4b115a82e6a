"""The templates of all pages: no script, nothing from another place."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pipelines.identity.suspicion import REASONS
from report import wording

TEMPLATES = Path(__file__).parent / "templates"


def template(name: str) -> Template:
    """A template of the folder `templates`, with the filters that all pages know."""
    kept = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    kept.filters |= {"number": wording.number, "plain": wording.plain, "figure": wording.figure, "group": wording.group}
    kept.globals |= {"share": wording.share, "grades": wording.GRADES, "model_names": wording.MODELS}
    kept.globals |= {"event_words": wording.EVENTS, "suspicions": REASONS}
    return kept.get_template(name)

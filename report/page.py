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


def kept_close(out: Path, page: str) -> Path:
    """The path of a page that shows people: readable by its owner alone."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(page, encoding="utf-8")
    return out

"""`habitue report --out`: the page of the last night with all that it leads to."""

from pathlib import Path

import pytest

from orchestration import cli


def test_what_the_page_leads_to_is_copied_beside_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HABITUE_STATE", raising=False)
    kept, out = tmp_path / "lake.state" / "reports", tmp_path / "elsewhere" / "page.html"
    links = ("quality/2026-03-02.html", "models/churn_3.html")
    for name in ("2026-03-01.html", *links, "quality/2026-03-01.html", "models/churn_2.html"):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).write_text(name)
    page = b"Caf\xe9 " + "".join(f'<a href="{link}">' for link in links).encode()
    (kept / "2026-03-02.html").write_bytes(page)
    assert cli.main(["report", "--lake", str(tmp_path / "lake"), "--out", str(out)]) == 0
    assert out.read_bytes() == page, "byte by byte, whatever this machine takes text for"
    found = {str(path.relative_to(out.parent)) for path in out.parent.rglob("*.html")}
    assert found == {"page.html", *links}
    assert all((out.parent / link).read_text() == link for link in links)

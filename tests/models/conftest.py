import pytest


@pytest.fixture(autouse=True)
def own_sources(monkeypatch, tmp_path):
    """No test sees, or writes, the data directories of whoever runs it."""
    monkeypatch.delenv("NETLOOM_DATA", raising=False)
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "cache"))

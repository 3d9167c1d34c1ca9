"""netloom's own C++: compiled again when the file, or a header beside it, has changed."""

from netloom.common.compiled import load


def test_a_changed_header_is_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "cache"))
    source, header = tmp_path / "answer.cpp", tmp_path / "number.h"
    source.write_text('#include "number.h"\nextern "C" int answer() { return NUMBER; }\n', encoding="utf-8")
    for number in (6, 7):
        header.write_text(f"#define NUMBER {number}\n", encoding="utf-8")
        # Each source is loaded once a process.
        load.cache_clear()
        library = load(source)
        assert library is not None
        assert library.answer() == number

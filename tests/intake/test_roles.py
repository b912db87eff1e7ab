"""What columns are taken for, and which cells are refused."""

import os
import shlex
from pathlib import Path

import pytest

from datacc.errors import DataError
from datacc.intake.importing import ImportOptions
from datacc.intake.importing.cell import as_number, as_text, number
from datacc.intake.importing.read import Read, read
from datacc.types.cells import is_missing, reader


def table(tmp_path: Path, text: str, **options: object) -> Read:
    (tmp_path / "data.csv").write_text(text)
    return read(tmp_path / "data.csv", ImportOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1.0), (" -2.5e3 ", -2500.0), (".5", 0.5), ("5.", 5.0), (7, 7.0), (True, 1.0), ("inf", float("inf"))],
)
def test_numbers(cell: object, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["", "x", "1_000", "1,5", "0x10", "\u0661", "1e", None, "nan", float("nan")])
def test_no_numbers(cell: object) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(
    ("cell", "why"),
    [("", "missing"), ("NaN", "missing"), (None, "missing"), ("inf", "no finite"), ("-Infinity", "no finite"),
     ("1e39", "no finite"), (10**400, "no number"), ("1O", "no number")],
)  # fmt: skip
def test_faults(cell: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader("number")(cell)
    assert reader("number")("3.4e38") == 3.4e38


def test_other_cells() -> None:
    assert [as_text(cell) for cell in (" a ", "", None, 3.0, 3.5, True, float("nan"))] == [
        "a", None, None, "3", "3.5", "true", None,
    ]  # fmt: skip
    assert [as_number(cell) for cell in ("2000", "1.5", "", "inf")] == [2000, 1.5, None, None]
    assert is_missing("n/a")
    assert not is_missing(0)


def test_roles_are_inferred_and_said(tmp_path: Path) -> None:
    text = "id,width,unit,city,species\n" + "".join(
        f"{n},{n * n % 7},5,{'ab'[n % 2]},{'xy'[n % 2]}\n" for n in range(20)
    )
    found = table(tmp_path, text, label="species")
    assert tuple(found.roles.inputs) == ("width", "city")
    assert found.roles.others == ("id", "unit")
    notes = " / ".join(found.notes)
    assert "'unit' (constant)" in notes
    assert "'id' (a running number)" in notes
    assert "read as one of a few values: 'city'" in notes
    assert found.rows[3].others == {"id": 3, "unit": 5}
    assert found.rows[3].cells == {"width": 2.0, "city": "b"}


def test_given_roles_are_obeyed(tmp_path: Path) -> None:
    text = "a,b,who,part,nr,y\n" + "".join(f"{n},{-n},p{n},train,k{n},{n % 2}\n" for n in range(8))
    found = table(tmp_path, text, label="y", group="who", split="part", key="nr", inputs=("b",))
    row = found.rows[3]
    assert (row.cells, row.group, row.split, row.key, row.label) == ({"b": -3.0}, "p3", "learn", "k3", "1")
    assert found.roles.others == ("a",)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"label": "nope"}, "no column 'nope'"),
        ({"label": "y", "group": "nope"}, "no column 'nope'"),
        ({"label": "y", "inputs": ("nope",)}, "no column 'nope'"),
        ({}, "which column is the label"),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(
    tmp_path: Path, options: dict[str, object], why: str
) -> None:
    with pytest.raises(DataError, match=why) as caught:
        table(tmp_path, "a,y\n1,x\n2,z\n", **options)
    assert "y" in str(caught.value)
    assert caught.value.where.endswith("data.csv")


def test_a_label_column_is_guessed_only_by_its_usual_names(tmp_path: Path) -> None:
    assert table(tmp_path, "a,class\n1,x\n2,z\n").roles.label == "class"


def test_the_last_column_is_offered_as_the_label_in_words_of_the_shell(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There are: 'a', \"it's\"") as caught:
        table(tmp_path, "a,it's\n1,x\n2,z\n")
    assert shlex.split(caught.value.tries[0]) == ["--label", "it's"]


def test_a_column_of_few_words_is_offered_as_the_label(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, "id,kind,year\n" + "".join(f"n{n},{'xy'[n % 2]},{n}\n" for n in range(6)))
    assert caught.value.tries == ("--label kind",)


def test_measurements_are_numbers_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    text = "a,price,stars,size\n" + "".join(f"{n},{n / 7:.3f},{n % 3}.0,{n % 3 + 0.5}\n" for n in range(1, 40))
    found = table(tmp_path, text, label="price")
    assert found.roles.type == "number"
    assert "price holds 39 different numbers and is answered as a number (--type label: each is a class)" in found.notes
    for label in ("stars", "size"):
        assert table(tmp_path, text, label=label).roles.type == "label"
    assert table(tmp_path, text, label="price", type="label").roles.type == "label"
    assert table(tmp_path, text, label="stars", type="number").roles.type == "number"


def test_many_classes_with_numbers_for_names_stay_classes(tmp_path: Path) -> None:
    for classes, first, rows in ((40, 7, 1200), (100, 0, 500), (30, 1, 60)):
        text = "a,kind\n" + "".join(f"{n / 3},{first + n % classes}\n" for n in range(rows))
        assert table(tmp_path, text, label="kind").roles.type == "label"
    ages = "a,age\n" + "".join(f"{n / 3},{18 + n % 60}\n" for n in range(500))
    assert table(tmp_path, ages, label="age").roles.type == "number"


def test_measurements_are_refused_where_the_output_has_classes_already(tmp_path: Path) -> None:
    text = "a,price\n" + "".join(f"{n},{n / 7:.3f}\n" for n in range(1, 40))
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(DataError, match="holds 39 different numbers in 39 rows"):
        read(tmp_path / "data.csv", ImportOptions(label="price"), output="price", output_type="label")


def test_what_is_no_number_is_named_by_line_and_a_missing_one_is_no_label(tmp_path: Path) -> None:
    text = "a,price\n" + "".join(f"{n},{n * 1.5}\n" for n in range(30))
    found = table(tmp_path, text + "31,NA\n32,\n33,?\n", label="price")
    assert list(found.rows.label[-3:]) == [None, None, None]
    for wrong in ("inf", "1e39", "12 EUR"):
        with pytest.raises(DataError, match=r"data\.csv:32: column 'price' holds"):
            table(tmp_path, text + f"31,{wrong}\n", label="price", type="number")


def test_only_constants_cannot_be_learnt_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"from in 2 rows: 'a' \(constant\); 'b' \(text that repeats, or is short\)"):
        table(tmp_path, "a,b,y\n1,q,x\n1,r,z\n", label="y")


@pytest.mark.parametrize(
    ("cells", "such"),
    [
        (["0,33", "2,41", "17"], "numbers, such as '0,33'"),
        (["€1.50", "€ 17", "-€3"], "numbers, such as '€1.50'"),
        (["1,200,000", "1 500", "1.200,5"], "numbers, such as '1,200,000'"),
        (["3 %", "12.5%", "7%"], "numbers, such as '3 %'"),
        (["30.4.2021", "1/12/21", "2021/4/30"], "dates, such as '30.4.2021'"),
        (["A4", "12-B", "3rd"], None),
        (["1/2/2021", "two", "3,5"], None),
    ],
)
def test_numbers_and_dates_that_are_written_otherwise_are_told(tmp_path: Path, cells: list[str], such: str) -> None:
    rows = [f'"{cells[n % 3]}",{n * 1.5},{"xy"[n % 2]}' for n in range(60)]
    notes = table(tmp_path, "\n".join(["odd,b,y", *rows]), label="y").notes
    told = [note for note in notes if "looks like" in note]
    assert told == [] if such is None else [such in note for note in told] == [True]


ROWS = "".join(f"{n},{n * n},{'xy'[n % 2]}\n" for n in range(20))


def test_bad_cells_are_named_by_line_and_column(tmp_path: Path) -> None:
    text = "a,b,y\n" + ROWS + "nan,1,x\n2,inf,y\n3,,x\n4,1O,y\n"
    with pytest.raises(DataError) as caught:
        table(tmp_path, text, label="y")
    what = caught.value.what
    assert "2 examples cannot be read" in what
    assert "data.csv:23: column 'b' holds 'inf'" in what
    assert "data.csv:25: column 'b' holds '1O', which is no number" in what
    assert any("--skip-bad" in line for line in caught.value.tries)
    found = table(tmp_path, text, label="y", skip_bad=True)
    assert (len(found.rows), found.skipped) == (22, 2)
    assert any("2 examples left out" in note for note in found.notes)
    assert "values may be missing: 'a', 'b'" in found.notes


def test_ten_bad_rows_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="25 examples cannot be read") as caught:
        table(tmp_path, "a,y\n" + "1,x\n2,y\n" * 150 + "oops,x\n" * 25, label="y")
    assert caught.value.what.count("\n") == 11
    assert "and 15 more" in caught.value.what


def test_words_in_a_split_column_must_be_splits(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of learn"):
        table(tmp_path, "a,s,y\n1,train,x\n2,middle,y\n", label="y", split="s")


def test_a_column_called_split_is_one_only_if_it_speaks_of_splits(tmp_path: Path) -> None:
    assert table(tmp_path, "a,split,y\n1,train,x\n2,test,y\n", label="y").rows[1].split == "judge"
    assert table(tmp_path, "a,split,y\n1,left,x\n2,right,y\n", label="y").rows[1].split is None


def test_a_missing_key_is_bad(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'k' is missing, and it is the key"):
        table(tmp_path, "a,k,y\n1,1,x\n2,,y\n", label="y", key="k")


@pytest.mark.parametrize("name", ["a\nb", "x" * 10_000, "\u202eab", "a\0b"], ids=["newline", "long", "bidi", "nul"])
def test_hostile_classes_and_columns_are_refused_by_name(tmp_path: Path, name: str) -> None:
    text = f'a,y\n1,x\n2,"{name}z"\n3,y\n'
    with pytest.raises(DataError, match=r"1 example cannot be read\n  data\.csv:3: column 'y': the class '") as caught:
        table(tmp_path, text, label="y")
    assert caught.value.tries[-1] == "--skip-bad takes the other 2"
    assert [row.label for row in table(tmp_path, text, label="y", skip_bad=True).rows] == ["x", "y"]
    with pytest.raises(DataError, match="column"):
        table(tmp_path, f'a,"{name}z",y\n1,1,x\n2,2,z\n', label="y")


def test_a_hostile_class_folder_is_named_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "a\nb" / "1.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"\n  a\\nb/1.png: the class 'a\\nb' contains U\+000A, which cannot be seen\n"):
        read(tmp_path, ImportOptions())


@pytest.mark.parametrize("name", ["*/", "../x", "a'b", "c\\d", "日本", "con"])
def test_odd_classes_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    assert {row.label for row in table(tmp_path, f'a,y\n1,x\n2,"{name}"\n', label="y").rows} == {"x", name}


def test_a_path_that_is_not_there_or_of_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "nothing.csv", ImportOptions())
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="neither a plain file nor a folder"):
        read(tmp_path / "pipe.csv", ImportOptions())
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"'\.xlsx'"):
        read(tmp_path / "a.xlsx", ImportOptions())
    (tmp_path / "h.csv").write_text("a,y\n")
    with pytest.raises(DataError, match="no example"):
        read(tmp_path / "h.csv", ImportOptions(label="y"))

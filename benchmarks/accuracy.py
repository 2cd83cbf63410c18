"""Forecast accuracy on the official samples: our column beside the rivals', and the peers'.

    python benchmarks/accuracy.py [--peers PYTHON]

Four tasks with rolling origins, nothing later than the origin used; mean absolute percentage
error over series and origins, and coverage of our intervals:

* T1  China's months: at the end of September (June), the year's revenue and expenditure of
  four funds, against December's cumulative figure, 2014-2021.
* T2  the same at the end of September for the year after.
* T3  US social security one and two years ahead, 1986-2005, both funds together.
* T4  heads in Chinese provinces one year ahead, 2013-2015 (2016 is a break of definition).

Peers (statsforecast's AutoARIMA, AutoETS, AutoCES, AutoTheta, on logs) run in an interpreter of
their own, given with ``--peers``; ``make bench-accuracy`` builds it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sibforecast as sib

CHINA = ("urban_employee_pension", "resident_pension", "work_injury", "unemployment")
TOTALS = ("total_revenue", "total_expenditure")
WAIVED = [(f, "total_revenue") for f in CHINA if f != "resident_pension"]
COLUMNS = ["task", "series", "origin", "target", "method", "forecast", "actual", "lower80", "upper80", "lower95", "upper95"]


def wide(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Point and bounds side by side."""
    named = {0.5: "forecast", 0.1: "lower80", 0.9: "upper80", 0.025: "lower95", 0.975: "upper95"}
    parts = frame.assign(quantile=frame["quantile"].fillna(0.5)).astype(dict.fromkeys(keys, str))
    return parts.pivot_table(index=list(keys), columns="quantile", values="value").rename(columns=named)


def china_months(data: Any) -> dict[tuple[str, str], pd.DataFrame]:
    """Cumulative figures by year and month of each series."""
    frame = data.history
    frame = frame[(frame["stage"] == "executed") & frame["period"].astype(str).str.contains("-")]
    period = frame["period"].astype(str)
    frame = frame.assign(year=period.str[:4].astype(int), month=period.str[5:].astype(int))
    return {
        (f, i): frame[(frame["programme"] == f) & (frame["item"] == i)].pivot_table(index="year", columns="month", values="value", observed=True)
        for f in CHINA for i in TOTALS
    }  # fmt: skip


def plain_rules(table: pd.DataFrame, year: int, month: int) -> dict[str, float]:
    """What anyone works out on paper for the year under way."""
    now, past = table.loc[year, month], table.loc[: year - 1].dropna(subset=[12, month])
    out = {"year_to_date_share": now / (past[month] / past[12]).iloc[-3:].mean()}
    if year - 1 in past.index:
        out["year_to_date_growth"] = past.loc[year - 1, 12] * now / past.loc[year - 1, month]
    return out


def t1(data: Any, month: int) -> Iterator[dict[str, Any]]:
    """The year under way."""
    tables = china_months(data)
    for year in range(2014, 2022):
        asof = f"{year}-{month:02d}"
        ours = wide(sib.nowcast(data, asof).frame, "programme", "item")
        for (fund, item), table in tables.items():
            actual = table.loc[year, 12]
            if np.isnan(actual):
                continue
            name = {"task": f"T1 {asof[5:]}", "series": f"{fund} {item}", "origin": asof, "target": str(year), "actual": actual}
            yield name | {"method": "sibforecast", **ours.loc[(fund, item)].to_dict()}
            for rival, value in plain_rules(table, year, month).items():
                yield name | {"method": rival, "forecast": value}


def t2(data: Any) -> Iterator[dict[str, Any]]:
    """The year after the one under way, at the end of September."""
    tables = china_months(data)
    for year in range(2014, 2021):
        mended = wide(sib.forecast(data, year + 1, asof=f"{year}-09").frame, "programme", "item")
        as_is = wide(sib.forecast(data, year + 1, asof=f"{year}-09", events=False).frame, "programme", "item")
        for (fund, item), table in tables.items():
            actual = table.loc[year + 1, 12]
            if np.isnan(actual):
                continue
            name = {"task": "T2", "series": f"{fund} {item}", "origin": f"{year}-09", "target": str(year + 1), "actual": actual}
            yield name | {"method": "sibforecast", **mended.loc[(fund, item)].to_dict()}
            yield name | {"method": "sibforecast, events not mended", "forecast": as_is.loc[(fund, item), "forecast"]}
            now = plain_rules(table, year, 9)["year_to_date_share"]
            known = pd.concat([table.loc[: year - 1, 12].dropna(), pd.Series({year: now})])
            back = known.iloc[max(-4, -len(known))], known.index[-1] - known.index[max(-4, -len(known))]
            growth = (known.iloc[-1] / back[0]) ** (1.0 / back[1]) if back[1] else 1.0
            yield name | {"method": "growth_of_three", "forecast": now * growth}
            yield name | {"method": "naive", "forecast": now}


def oasdi(data: Any) -> pd.DataFrame:
    """The seven series of both funds together, by year."""
    h = data.history.pivot_table(index="period", columns=["programme", "item"], values="value", observed=True)
    h.index = h.index.astype(int)
    both = {i: h["oasi", i] + h["di", i] for i in ("contribution_revenue", "benefit_expenditure", "recipient_months")}
    out = pd.DataFrame({
        "payroll tax": both["contribution_revenue"], "benefits": both["benefit_expenditure"], "workers": h["oasi", "contributors"],
        "payroll": h["oasi", "contributors"] * h["oasi", "contribution_base"] * 12, "beneficiaries": both["recipient_months"],
        "wage index": h["oasi", "average_wage"], "average benefit": both["benefit_expenditure"] / both["recipient_months"],
    })  # fmt: skip
    return out.dropna()


def t3(data: Any, horizon: int) -> Iterator[dict[str, Any]]:
    """US social security."""
    truth = oasdi(data)
    parts = {"payroll tax": "contribution_revenue", "benefits": "benefit_expenditure", "beneficiaries": "recipient_months"}
    single = {"workers": "contributors", "payroll": "wage_bill", "wage index": "average_wage"}
    for target in range(1986, 2006):
        origin = target - horizon
        frame = sib.forecast(data, range(origin + 1, target + 1), asof=str(origin)).frame
        frame = frame[frame["period"] == str(target)]
        ours = wide(frame, "programme", "item")
        made = {name: ours.loc[[("oasi", i), ("di", i)], "forecast"].sum() for name, i in parts.items()}
        made |= {name: ours.loc[("oasi", i), "forecast"] for name, i in single.items()}
        made["average benefit"] = made["benefits"] / made["beneficiaries"]
        past = truth.loc[:origin]
        for series in truth:
            name = {"task": f"T3 {horizon} ahead", "series": series, "origin": str(origin), "target": str(target), "actual": truth.loc[target, series]}
            bounds = {}
            if series in single:
                row = ours.loc[("oasi", single[series])]
                bounds = {b: row[b] for b in COLUMNS[-4:]}
            yield name | {"method": "sibforecast", "forecast": made[series], **bounds}
            last = past[series].iloc[-1]
            yield name | {"method": "naive", "forecast": last}
            yield name | {"method": "growth_of_three", "forecast": last * (last / past[series].iloc[-4]) ** (horizon / 3)}
            yield name | {"method": "drift", "forecast": last + horizon * (last - past[series].iloc[0]) / (len(past) - 1)}
        for fund in ("oasi", "di"):  # lines of the two funds: their intervals
            for item in ("contribution_revenue", "benefit_expenditure", "recipient_months"):
                actual = data.at(str(target), "final").history.query("programme == @fund and item == @item")["value"].iloc[0]
                yield {"task": f"T3 {horizon} ahead, by fund", "series": f"{fund} {item}", "origin": str(origin), "target": str(target),
                       "method": "sibforecast", "actual": actual, **ours.loc[(fund, item)].to_dict()}  # fmt: skip


def t4(data: Any) -> Iterator[dict[str, Any]]:
    """Provinces."""
    test = sib.backtest(data, origins=[2012, 2013, 2014, 2015], methods=["naive", "drift", "growth_of_three"], items=["insured_active", "beneficiaries"])
    frame = test.frame
    frame = frame[frame["programme"].astype(str) == "urban_employee_pension"]
    for row in frame.astype({"period": str, "origin": str, "item": str, "region": str, "method": str}).to_dict("records"):
        task = "T4" if row["period"] < "2016" else "T4, 2016 (break)"
        yield {"task": task, "series": row["item"], "target": row["period"], **{k: row[k] for k in COLUMNS if k in row}} | {"region": row["region"]}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", help="an interpreter that has statsforecast")
    arguments = parser.parse_args()
    china, us, provinces = (sib.load(sib.sample(n)) for n in ("china", "oasdi", "provinces"))
    rows = [*t1(china, 9), *t1(china, 6), *t2(china), *t3(us, 1), *t3(us, 2), *t4(provinces)]
    table = pd.DataFrame(rows)
    if arguments.peers:
        table = pd.concat([table, peers(arguments.peers, table, china, us, provinces)], ignore_index=True)
    table["error"] = (table["forecast"] / table["actual"] - 1.0).abs() * 100.0
    pd.set_option("display.width", 200)
    print("mean absolute percentage error\n", table.pivot_table(index="task", columns="method", values="error").round(2).to_string(), "\n")
    ours = table[table["method"] == "sibforecast"]
    print("by series\n", ours.pivot_table(index=["task", "series"], values="error").round(2).to_string(), "\n")
    told = table[table["method"].isin(["sibforecast", "AutoARIMA", "AutoARIMA, months apart"])].dropna(subset=["lower80", "upper95"]).copy()
    for level in (80, 95):
        told[f"inside{level}"] = (told["actual"] >= told[f"lower{level}"]) & (told["actual"] <= told[f"upper{level}"])
        low, up = told[f"lower{level}"] / told["actual"], told[f"upper{level}"] / told["actual"]
        missed = (low - 1).clip(lower=0) + (1 - up).clip(lower=0)
        told[f"score{level}"] = (up - low + 2 / (1 - level / 100) * missed) * 100
    keys = ["task", "series", "origin", "target"]
    both = told.groupby(keys)["method"].transform("nunique") > 1
    if arguments.peers:  # like with like: where both have intervals
        told.loc[~both, "task"] += ", one of them alone"
    told = pd.concat([told, *without_the_waiver(told)])
    shown = told.groupby(["task", "method"])[["inside80", "inside95", "score80", "score95"]].mean()
    print("coverage and interval score (per cent of what came)\n", shown.round(3).to_string())


def without_the_waiver(told: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """T2 without the year of the waiver (2020), without the year after it either, and with all but the revenue waived."""
    t2 = told[told["task"].eq("T2")]
    revenue = t2["series"].isin([" ".join(w) for w in WAIVED])
    for name, gone in (("2020", t2["target"].eq("2020")), ("2020 and 2021", t2["target"].isin(["2020", "2021"])),
                       ("revenue of 2020 and 2021", revenue & t2["target"].isin(["2020", "2021"]))):  # fmt: skip
        yield t2[~gone].assign(task=f"T2 without {name}")


def peers(python: str, table: pd.DataFrame, china: Any, us: Any, provinces: Any) -> pd.DataFrame:
    """Forecasts of statsforecast's automatic methods for the same origins."""
    jobs = []
    truth, tables = oasdi(us), china_months(china)
    heads = provinces.history
    unique = table.drop_duplicates(["task", "series", "origin", "target", *(["region"] if "region" in table else [])])
    for row in unique.to_dict("records"):
        task = row["task"]
        base = {k: row[k] for k in ("task", "series", "origin", "target", "actual")}
        if task.startswith("T3") and "fund" not in task:
            past = truth.loc[: int(row["origin"]), row["series"]]
            jobs.append(base | {"history": past.tolist(), "ahead": int(task[3]), "season": 1})
        elif task.startswith("T4"):
            part = heads[(heads["region"] == row["region"]) & (heads["programme"] == "urban_employee_pension") & (heads["item"] == row["series"])]
            part = part[part["period"].astype(str) <= row["origin"]].sort_values("period", key=lambda p: p.astype(str))
            jobs.append(base | {"history": part["value"].tolist(), "ahead": 1, "season": 1})
        elif task.startswith(("T1", "T2")):
            fund, item = row["series"].split()
            year, month = int(row["origin"][:4]), int(row["origin"][5:])
            flow = tables[fund, item].loc[:year].copy()
            steps = flow.diff(axis=1)
            steps[1] = flow[1]
            line = steps.stack(future_stack=True).iloc[: 12 * (year - 2013) + month]
            line = line.where(line > 0).interpolate().bfill()  # two months were never published
            done = float(flow.loc[year, month]) if task.startswith("T1") else 0.0
            skip = 0 if task.startswith("T1") else 12 - month
            jobs.append(base | {"history": line.tolist(), "ahead": 12 - month + (0 if task.startswith("T1") else 12), "season": 12,
                                "skip": skip, "plus": done})  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "jobs.json", Path(folder) / "made.json"
        given.write_text(json.dumps(jobs))
        subprocess.run([python, str(Path(__file__).parent / "peers.py"), str(given), str(made)], check=True)
        return pd.DataFrame(json.loads(made.read_text()))


if __name__ == "__main__":
    main()

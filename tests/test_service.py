"""The service of the documents, started as one starts it and asked by a real client, by many at once."""

import importlib.util
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import jsonschema
import pytest
import uvicorn

import sibforecast as sib
from tests.documents import ROOT, python_blocks, read

RAISE = {
    "title": "raise", "change": [{"item": "benefit_level", "programme": "enterprise_pension", "multiply": 1.02, "start": "2027-07",
                                  "decided_by": "nation"}],
}  # fmt: skip
CUT = {
    "title": "cut", "change": [{"item": "contribution_rate", "programme": "unemployment", "regions": ["150100"], "multiply": 0.5,
                                "start": "2027-01", "decided_by": "region"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def address():
    """A server of its own in a thread, on a port that is free."""
    told = importlib.util.spec_from_file_location("service", ROOT / "docs" / "service.py")
    module = importlib.util.module_from_spec(told)
    told.loader.exec_module(module)
    server = uvicorn.Server(uvicorn.Config(module.service(), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=60) as one:
        yield one


def test_many_at_once_are_answered_as_one_by_one(client, address):
    """Forty questions of five kinds from eight clients at once: every answer is the serial one to the bit."""
    asked = [("GET", None), ("POST", RAISE), ("POST", CUT), ("POST", {"preset": "rate_cut"}), ("POST", {"title": "nothing"})]
    serial = [client.request(verb, "/draft", json=body).raise_for_status().content for verb, body in asked]
    assert len(set(serial)) == 5
    meet = threading.Barrier(8)

    def ask(who):
        with httpx.Client(base_url=address, timeout=60) as own:
            meet.wait()
            order = [(who + n) % 5 for n in range(5)]
            return [(n, own.request(*asked[n][:1], "/draft", json=asked[n][1]).content) for n in order]

    with ThreadPoolExecutor(8) as pool:
        answers = [pair for each in pool.map(ask, range(8)) for pair in each]
    assert len(answers) == 40
    assert all(content == serial[n] for n, content in answers)
    again = [client.request(verb, "/draft", json=body).content for verb, body in asked]
    assert again == serial  # nothing leaked from one request to the next


def test_the_answer_is_that_of_the_package_under_its_schema(client, nmg_draft):
    record = client.post("/draft", json=RAISE).json()
    jsonschema.validate(record, client.get("/schema/Projection").json())
    made = sib.roll_up(sib.project(nmg_draft.assumptions, sib.read_scenario(RAISE)), "league")
    assert record == json.loads(made.to_json())
    leagues = {code for code, area in nmg_draft.source.regions.areas.items() if area.level == "league"}
    assert len(leagues) == 12
    assert leagues <= {row[0] for row in record["rows"]}
    plain = client.get("/draft").json()
    jsonschema.validate(plain, sib.schema("BudgetDraft"))
    assert plain["provenance"]["illustrative"] is True
    assert plain["findings"]


def test_a_scenario_of_nothing_is_the_draft(client):
    """Bit for bit: the rows of the draft's year are those of the empty scenario."""
    told = client.get("/draft").json()
    place = {tuple(r[:4]): r[5] for r in told["rows"] if r[4] == "draft"}
    empty = client.post("/draft", json={"title": "nothing"}).json()
    assert {tuple(r[:4]): r[5] for r in empty["rows"]} == place


def test_what_is_wrong_with_a_request_is_told_at_once(client):
    """Three faults of two changes; two places that do not exist; then the server answers as before."""
    wrong = {"title": "", "change": [{"item": "benefit_leve", "multiply": 10**400, "start": "2027-07", "decided_by": "nation"},
                                     {"item": "fiscal_subsidy", "add": 5, "before_value": "x", "start": "2027", "decided_by": "nation"}]}  # fmt: skip
    answer = client.post("/draft", json=wrong)
    assert answer.status_code == 422
    told = answer.json()["faults"]
    for part in ("the title is missing", "unknown item 'benefit_leve'", "multiply must be a number", "needs a unit", "start must be a month",
                 "before_value must be a number"):  # fmt: skip
        assert sum(part in line for line in told) == 1, part
    lost = {"title": "lost", "change": [{**CUT["change"][0], "regions": ["Atlantis"], "programme": "luck"}]}
    answer = client.post("/draft", json=lost)
    assert answer.status_code == 422
    assert [next(w for w in ("Atlantis", "luck") if w in line) for line in answer.json()["faults"]] == ["luck", "Atlantis"]
    for body in ({"preset": "../../pyproject"}, {"preset": ["rate_cut"]}, {"preset": "rate_cut", "title": "both"}, {"title": "x", "change": 7}):
        assert client.post("/draft", json=body).status_code == 422, body
    assert client.post("/draft", params={"years": 99}, json=RAISE).status_code == 422
    for words, part in (({"content": b"{"}, "body"), ({"json": [1]}, "body"), ({"json": RAISE, "params": {"years": "x"}}, "query / years")):
        answer = client.post("/draft", **words)
        assert answer.status_code == 422, words
        assert [line.startswith(part) for line in answer.json()["faults"]] == [True], words
    assert client.get("/schema/Nothing").status_code == 422
    assert client.get("/nothing").status_code == 404
    assert client.post("/draft", json=CUT).status_code == 200


def test_the_page_of_the_service_asks_what_it_says(address, capsys):
    """The client of the documents, run against the server of the test."""
    (block,) = python_blocks(read("docs/service.md"))
    names = {}
    exec(block.replace("http://127.0.0.1:8000", address), names)
    assert names["answer"].status_code == 200
    assert "100m yuan" in capsys.readouterr().out


def test_a_language_is_asked_for(client, nmg_draft):
    """Chinese sentences, the same codes and figures; faults in Chinese; another language is refused."""
    for answers in ([client.get("/draft", params=p).json() for p in ({}, {"language": "zh"})],
                    [client.post("/draft", json=RAISE, params=p).json() for p in ({"language": "en"}, {"language": "zh"})]):  # fmt: skip
        plain, told = answers
        method = plain["columns"].index("method")
        assert [r[:method] + r[method + 1 :] for r in plain["rows"]] == [r[:method] + r[method + 1 :] for r in told["rows"]]
        assert "sum of 9 areas" in {row[method] for row in plain["rows"]}
        assert "9个地区之和" in {row[method] for row in told["rows"]}
        assert not any("areas" in row[method] for row in told["rows"])
        assert [f["id"] for f in plain["findings"]] == [f["id"] for f in told["findings"]]
        jsonschema.validate(told, sib.schema(told["kind"]))
    assert told == json.loads(sib.roll_up(sib.project(nmg_draft.assumptions, sib.read_scenario(RAISE)), "league").in_language("zh").to_json())
    wrong = {"title": "", "change": [{"item": "benefit_leve", "multiply": 1, "start": "2027-07", "decided_by": "nation"}]}
    answer = client.post("/draft", json=wrong, params={"language": "zh"})
    assert answer.status_code == 422
    assert answer.json()["faults"] == ["缺少标题title", "第1项变动：未知的项目'benefit_leve'；是否指'benefit_level'、'benefit_level_end'或'benefit_coverage'？"]
    assert client.get("/draft", params={"language": "fr"}).status_code == 422


def test_too_many_changes_and_half_characters_are_refused(address):
    many = {"title": "many", "change": RAISE["change"] * 201}
    answer = httpx.post(f"{address}/draft", json=many, timeout=60)
    assert answer.status_code == 422
    assert "at most 200 changes" in answer.json()["error"]
    half = httpx.post(f"{address}/draft", content=b'{"title": "\\ud800", "change": []}', headers={"content-type": "application/json"}, timeout=60)
    assert half.status_code == 422

"""A service of drafts over HTTP: ``python docs/service.py [PATH] [YEAR]`` (see service.md).

It loads and drafts once, when it starts. A request lays a scenario on that draft and answers
with the projection of the leagues as JSON. What is shared between requests is never changed.
With ``?language=zh`` methods, findings and what is refused are told in Chinese; codes and figures stay.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

import sibforecast as sib
from sibforecast.phrases import SCREEN, Teller

Language = Literal["en", "zh"]
JSON = "application/json"
#: Changes of one request: what they do to each other is looked at in pairs.
MOST = 200
#: What may lie in the body of a request: the name of a shipped scenario, or the record of one.
EXAMPLE = {
    "title": "pensions +2 % from July",
    "change": [{"item": "benefit_level", "programme": "enterprise_pension", "multiply": 1.02, "start": "2027-07",
                "decided_by": "nation"}],
}  # fmt: skip


def service(path: str | None = None, year: int = 2027, level: str = "league") -> FastAPI:
    """The application for one data set: the bundled illustrative one, unless a path is given."""
    data = sib.load(path or sib.sample("nmg"))
    draft = sib.draft_budget(data, year)
    rolled = sib.roll_up(draft, level)
    told = {language: rolled.in_language(language).to_json() for language in ("en", "zh")}  # the same for all: written once
    shipped = frozenset(sib.presets()["name"])
    app = FastAPI(title="sibforecast", version=sib.__version__)

    @app.exception_handler(sib.SibError)
    def refused(request: Request, fault: sib.SibError) -> JSONResponse:
        """What is wrong with the request: all of it at once, in the language asked for."""
        teller = Teller("zh" if request.query_params.get("language") == "zh" else "en")
        head, *faults = [teller.text(line.strip(" -"), SCREEN) for line in str(fault).splitlines()]
        return JSONResponse({"error": head, "faults": faults or [head]}, status_code=422)

    @app.exception_handler(RequestValidationError)
    def unread(_: Any, fault: RequestValidationError) -> JSONResponse:
        """A body that is no JSON or no record, or a parameter of another type: in the same form."""
        faults = [f"{' / '.join(map(str, f['loc']))}: {f['msg']}" for f in fault.errors()]
        return JSONResponse({"error": "the request cannot be read", "faults": faults}, status_code=422)

    @app.get("/draft")
    def baseline(language: Language = "en") -> Response:
        """The draft: last year's account, this year's budget and outturn, next year's draft."""
        return Response(told[language], media_type=JSON)

    @app.post("/draft")
    def scenario(
        body: dict[str, Any] = Body(examples=[EXAMPLE]), years: int = 1, language: Language = "en"  # noqa: B008
    ) -> Response:
        """The draft under a scenario: its record, or ``{"preset": "rate_cut"}``."""
        projection = sib.project(draft.assumptions, chosen(body), years=years)
        return Response(sib.roll_up(projection, level).in_language(language).to_json(), media_type=JSON)

    @app.get("/schema/{kind}")
    def form(kind: str) -> dict[str, Any]:
        """The JSON Schema of an answer: `BudgetDraft` or `Projection`."""
        return sib.schema(kind)

    def chosen(body: dict[str, Any]) -> sib.Scenario:
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as fault:
            raise sib.SibError("a text of the request holds half a character") from fault
        changes = body.get("change")
        if isinstance(changes, list) and len(changes) > MOST:
            raise sib.SibError(f"at most {MOST} changes; found {len(changes)}")
        if "preset" not in body:
            return sib.read_scenario(body)
        if set(body) != {"preset"} or str(body["preset"]) not in shipped:  # a name of the list, never a path
            raise sib.SibError(f"give preset alone, one of: {', '.join(sorted(shipped))}")
        return sib.read_scenario(str(body["preset"]))

    return app


if __name__ == "__main__":
    import uvicorn

    given = sys.argv[1:]
    uvicorn.run(service(given[0] if given else None, int(given[1]) if given[1:] else 2027), host="127.0.0.1", port=8000)

"""The OpenAPI document is complete, its examples are what it says, and the service does what it says."""

import pytest
import schemathesis
from fastapi.responses import JSONResponse
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from paraverbal.service import Limits, app, create_app
from paraverbal.service.documents import EXAMPLES

# Random bytes are no recording: that they are refused is right.
NOT_FOR_UPLOADS = {"include-method": "POST", "checks": {"positive_data_acceptance": {"enabled": False}}}


def findings(models):
    """Return what schemathesis finds wrong, and how many checks it made, by address."""
    settings = {"seed": 8, "generation": {"max-examples": 30}, "operations": [NOT_FOR_UPLOADS]}
    config = SchemathesisConfig.from_dict(settings)
    api = schemathesis.openapi.from_asgi("/openapi.json", create_app(models, Limits(seconds=5.0)), config=config)
    wrong, checks = [], {}
    for event in from_schema(api).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            made = [check for several in event.recorder.checks.values() for check in several]
            wrong += [(event.recorder.label, check.name) for check in made if check.status == Status.FAILURE]
            checks[event.recorder.label] = checks.get(event.recorder.label, 0) + len(made)
    return wrong, checks


def test_schemathesis_finds_nothing(models):
    wrong, checks = findings(models)
    assert wrong == []
    assert {f"POST /v1/{path}" for path in ("predict", "timeline", "saliency")} < set(checks)
    assert len(checks) == 7
    assert sum(checks.values()) > 1000


def test_it_would_find_an_answer_that_is_not_declared(models, monkeypatch):
    async def other(_):
        return JSONResponse({"state": 1})

    monkeypatch.setattr(app.Service, "healthz", other)
    wrong, _ = findings(models)
    assert ("GET /healthz", "response_schema_conformance") in wrong
    assert {label for label, _ in wrong} == {"GET /healthz"}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_is_what_its_schema_says(kind):
    kind.model_validate(EXAMPLES[kind])


def test_every_address_is_described(client):
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/models",
        "/v1/predict",
        "/v1/timeline",
        "/v1/saliency",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for path in ("predict", "timeline", "saliency"):
        operation = document["paths"][f"/v1/{path}"]["post"]
        assert set(operation["responses"]) == {"200", "400", "401", "408", "413", "415", "422", "429"}
        assert operation["responses"]["200"]["content"]["application/json"]["example"]["model"]
        assert operation["responses"]["413"]["content"]["application/problem+json"]["example"]["status"] == 413
        (model,) = (one for one in operation["parameters"] if one["name"] == "model")
        assert model["schema"]["enum"] == ["tiny", "other"]

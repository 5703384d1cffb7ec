"""Topics of texts over HTTP; no JAX is needed here.

    uvicorn --app-dir examples/service app:app --workers 2

The model is the file at TOPICS_MODEL, by default topics.skops, as `train.py` writes it; each worker reads it once, when
it starts.
"""

import os
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from served import Served

MAX_BODY = 2_000_000  # bytes of a request
MAX_TEXTS = 100  # of a request
MAX_CHARACTERS = 100_000  # of a text

Text = Annotated[str, StringConstraints(max_length=MAX_CHARACTERS)]


def as_list(texts):
    """The texts, also where it is one."""
    return [texts] if isinstance(texts, str) else texts


class Texts(BaseModel):
    """One text or several."""

    model_config = ConfigDict(extra="forbid")
    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS), BeforeValidator(as_list)]


class BodyLimit:
    """Refuses a body of more than ``MAX_BODY`` bytes before it is parsed, or even received where it says its length."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Hand on what is small enough, as ASGI has it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        too_large = JSONResponse({"detail": f"The body has more than {MAX_BODY} bytes: send fewer texts."}, 413)
        if int(dict(scope["headers"]).get(b"content-length", 0)) > MAX_BODY:
            return await too_large(scope, receive, send)
        body, more = bytearray(), True
        while more:  # a body that comes in chunks does not say its length
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_BODY:
                return await too_large(scope, receive, send)
        messages = iter([{"type": "http.request", "body": bytes(body), "more_body": False}])

        async def received():
            return next(messages, None) or await receive()

        return await self.app(scope, received, send)


@asynccontextmanager
async def lifespan(app):
    app.state.served = Served(os.environ.get("TOPICS_MODEL", "topics.skops"))
    yield


app = FastAPI(title="Topics of texts", lifespan=lifespan)
app.add_middleware(BodyLimit)


@app.exception_handler(RequestValidationError)
async def refused(request: Request, error: RequestValidationError):
    """What was wrong and where, without the text itself, which FastAPI would send back."""
    detail = [{"where": e["loc"], "reason": e["msg"]} for e in error.errors()]
    if request.method == "POST" and "json" not in request.headers.get("content-type", ""):
        detail.append(
            {"where": ["header"], "reason": "The body is not read as JSON: send Content-Type: application/json."}
        )
    return JSONResponse({"detail": detail}, 422)


@app.get("/healthz")
async def healthz(request: Request):
    """Whether this worker has its model. It runs in the event loop: it answers also while all threads compute."""
    return {"status": "ok", "num_topics": len(request.app.state.served.names)}


# The endpoints that compute are no coroutines, so that FastAPI runs them in its pool of threads. In the event loop a
# large request would hold up all others; and NumPy lets other threads run meanwhile. What they return is plain already,
# so that they spare FastAPI the search for what is not.


@app.post("/topics")
def topics(body: Texts, request: Request, n: Annotated[int, Query(ge=1, le=1000)] = 3):
    """Proportions of topics in each text, in the order of the texts."""
    return JSONResponse({"results": request.app.state.served.topics(body.texts, n)})


@app.post("/label")
def label(body: Texts, request: Request):
    """The label of each text, in the order of the texts."""
    if request.app.state.served.classifier is None:
        raise HTTPException(404, "This model has topics and no labels: POST to /topics.")
    return JSONResponse({"results": request.app.state.served.labels(body.texts)})


@app.get("/topics/{k}")
def topic(k: int, request: Request, n_words: Annotated[int, Query(ge=1, le=1000)] = 10):
    """A topic: its name, share of all tokens, and most probable words."""
    served = request.app.state.served
    if not 0 <= k < len(served.names):
        raise HTTPException(404, f"There is no topic {k}: topics have the numbers 0 to {len(served.names) - 1}.")
    return served.topic(k, n_words)

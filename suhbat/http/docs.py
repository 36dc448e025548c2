"""`/docs`: the HTTP interface in Swagger UI, whose files come from an installed package, not from another site."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from swagger_ui_bundle import swagger_ui_path

from .files import MEDIA_TYPES, Files
from .routing import apart, take

router = apart(include_in_schema=False)

# Addresses are relative, so that the page works below any root path.
PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Suhbat: HTTP interface</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="docs/files/swagger-ui.css">
  <script src="docs/files/swagger-ui-bundle.js" defer></script>
  <script src="docs/start.js" defer></script>
</head>
<body>
  <p>The sockets are described in <a href="asyncapi.json">asyncapi.json</a>, HTTP in
    <a href="openapi.json">openapi.json</a> and below.</p>
  <div id="swagger-ui"></div>
</body>
</html>
"""

# This version of Swagger UI accepts OpenAPI 3.0 only and refuses a document marked 3.1. Ours is shown correctly as 3.0.
START = """"use strict";
fetch("openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    spec.openapi = "3.0.3";
    SwaggerUIBundle({
      spec,
      dom_id: "#swagger-ui",
      deepLinking: true,
      validatorUrl: null,
      presets: [SwaggerUIBundle.presets.apis],
    });
  });
"""


@router.get("/docs")
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    return Response(START, media_type=MEDIA_TYPES[".js"])


def install(app: FastAPI) -> None:
    """Serve the page and its files."""
    take(app, router)
    app.mount("/docs/files", Files(directory=swagger_ui_path))

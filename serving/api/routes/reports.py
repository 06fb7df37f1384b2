"""Reports on the published run, or on an earlier one."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from serving.api.answers import is_known, json_response
from serving.api.deps import Need, ServicesDep
from serving.api.openapi import CACHED, problems
from serving.api.pages import PAGE_CSP, render_report
from serving.api.schemas.reports import ReportList, RunReport
from serving.queries import list_reports, report

router = APIRouter(
    prefix="/v1/reports", tags=["reports"], dependencies=[Depends(Need("read"))]
)

TEXT = {"schema": {"type": "string"}}
REPORT: dict[int | str, dict[str, Any]] = {
    **CACHED,
    200: {**CACHED[200], "content": {"text/html": TEXT, "text/csv": TEXT}},
}


@router.get(
    "",
    operation_id="listReports",
    summary="List the reports",
    response_model=ReportList,
    responses=problems(400, 401, 403, 503),
)
def get_reports() -> Response:
    """Return the name and the titles of each report.

    Needs the scope `read`.
    """
    return json_response(json.dumps({"items": list_reports()}, ensure_ascii=False))


@router.get(
    "/{name}",
    operation_id="getReport",
    summary="Show a report",
    response_model=RunReport,
    responses={**REPORT, **problems(400, 401, 403, 404, 422, 503)},
)
def get_report(
    request: Request,
    services: ServicesDep,
    name: Annotated[str, Path(examples=["abc"])],
    format: Annotated[Literal["json", "html", "csv"], Query()] = "json",
    run: Annotated[
        str | None,
        Query(max_length=100, description="By default the published one."),
    ] = None,
) -> Response:
    """Return a report as JSON with Vega-Lite charts, as a page, or as CSV.

    It was computed when the run was scored. Needs the scope `read`.
    """
    run_report = report(services.store, name, run_id=run)
    headers = {"ETag": f'"{run_report.run_id}-{name}-{format}"'}
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if format == "html":
        policy = {"Content-Security-Policy": PAGE_CSP}
        return HTMLResponse(render_report(run_report), headers={**headers, **policy})
    if format == "csv":
        return Response(run_report.to_csv(), media_type="text/csv", headers=headers)
    body = json.dumps(run_report.to_dict(), ensure_ascii=False)
    return json_response(body, headers=headers)

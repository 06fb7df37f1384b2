"""Lists: which there are, who is on them, why, and how long they should be."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from models.lists import ListDefinition
from models.lists.changes import Move
from models.lists.definition import NAME
from serving.api.answers import json_array, json_object, run_object
from serving.api.bodies import read_body
from serving.api.deps import JsonBody, Need, ServicesDep
from serving.api.openapi import RequestBody, problems
from serving.api.schemas.lists import (
    AllLists,
    DiffQuery,
    ExportQuery,
    ListChanges,
    ListInfo,
    MemberList,
    MembersQuery,
    NewList,
    OneList,
    ProfitInfo,
    ProfitQuery,
    Size,
)
from serving.queries.lists.build import ListInRun, list_now, lists_now
from serving.queries.lists.changes import diff_list
from serving.queries.lists.files import FORMATS, write_sheet
from serving.queries.lists.members import (
    Member,
    members_of,
    remove_list,
    save_list,
    sizes_of,
)
from serving.queries.lists.profit import profit_of
from serving.queries.lists.sheet import sheet_of

router = APIRouter(prefix="/v1/lists", tags=["lists"])

READ = [Depends(Need("read"))]
WRITE = [Depends(Need("admin"))]
ListName = Annotated[str, Path(pattern=NAME, examples=["at_risk"])]


@router.get(
    "",
    operation_id="listLists",
    summary="Show all lists",
    dependencies=READ,
    responses=problems(400, 401, 403, 503),
)
def show_lists(services: ServicesDep) -> AllLists:
    """Return every list as of the published run. Needs the scope `read`."""
    lists = lists_now(services.store)
    run = next(iter(lists.values())).run
    return AllLists(
        run_id=run.run_id,
        as_of=run.as_of,
        model_version=run.model_version,
        items=[ListInfo(**info(one)) for one in lists.values()],
    )


@router.post(
    "",
    operation_id="createList",
    summary="Define a list",
    status_code=201,
    dependencies=WRITE,
    responses=problems(400, 401, 403, 409, 413, 415, 422, 503),
    openapi_extra=RequestBody(NewList),
)
def create_list(request: Request, services: ServicesDep, body: JsonBody) -> ListInfo:
    """Define a list under a name that is free. Needs the scope `admin`."""
    wanted = read_body(NewList, body)
    definition = ListDefinition.model_validate(wanted.model_dump(exclude={"name"}))
    created = save_list(
        services.store, wanted.name, definition, who=who_asks(request), is_new=True
    )
    return ListInfo(**info(created))


@router.get(
    "/{name}",
    operation_id="getList",
    summary="Show a list and how its size went",
    dependencies=READ,
    responses=problems(400, 401, 403, 404, 422, 503),
)
def show_list(services: ServicesDep, name: ListName) -> OneList:
    """Return a list as of the published run, and its sizes. Needs the scope `read`."""
    in_run = list_now(services.store, name)
    sizes = [Size(**asdict(size)) for size in sizes_of(services.store, name)]
    return OneList(**info(in_run), sizes=sizes)


@router.put(
    "/{name}",
    operation_id="putList",
    summary="Define a list anew",
    dependencies=WRITE,
    responses=problems(400, 401, 403, 409, 413, 415, 422, 503),
    openapi_extra=RequestBody(ListDefinition),
)
def put_list(
    request: Request, services: ServicesDep, name: ListName, body: JsonBody
) -> ListInfo:
    """Define a list, in the place of the API's own of that name. Needs `admin`."""
    who, wanted = who_asks(request), read_body(ListDefinition, body)
    written = save_list(services.store, name, wanted, who=who, is_new=False)
    return ListInfo(**info(written))


@router.delete(
    "/{name}",
    operation_id="deleteList",
    summary="Forget a list",
    status_code=204,
    dependencies=WRITE,
    responses=problems(400, 401, 403, 404, 409, 422, 503),
)
def delete_list(services: ServicesDep, name: ListName) -> Response:
    """Forget a list of the API; its past sizes stay. Needs the scope `admin`."""
    remove_list(services.store, name)
    return Response(status_code=204)


@router.get(
    "/{name}/members",
    operation_id="listMembers",
    summary="Page through a list's members",
    response_model=MemberList,
    dependencies=READ,
    responses=problems(400, 401, 403, 404, 410, 422, 503),
)
def list_members(
    services: ServicesDep, name: ListName, query: Annotated[MembersQuery, Query()]
) -> Response:
    """Return members in order, with their scores. Needs the scope `read`.

    A walk by cursor stays in the run it began in.
    """
    page = members_of(
        services.store,
        name,
        limit=query.limit,
        owner=query.owner,
        cursor=query.cursor,
    )
    body = run_object(
        page,
        items=json_array(member_object(member) for member in page.members),
        next_cursor=json.dumps(page.next_cursor),
    )
    return Response(body, media_type="application/json")


@router.get(
    "/{name}/diff",
    operation_id="diffList",
    summary="Say who came, who left and why",
    dependencies=READ,
    responses=problems(400, 401, 403, 404, 422, 503),
)
def show_changes(
    services: ServicesDep, name: ListName, query: Annotated[DiffQuery, Query()]
) -> ListChanges:
    """Compare a list between two runs that are kept. Needs the scope `read`."""
    diff = diff_list(
        services.store, name, start=query.start, end=query.end, limit=query.limit
    )
    return ListChanges.model_validate(
        {
            "run_id": diff.run_id,
            "as_of": diff.as_of,
            "model_version": diff.model_version,
            "from_run_id": diff.start.run_id,
            "from_as_of": diff.start.as_of,
            "n_entered": diff.n_entered,
            "n_left": diff.n_left,
            "n_stayed": diff.n_stayed,
            "entered": [move_info(move) for move in diff.entered],
            "left": [move_info(move) for move in diff.left],
        }
    )


@router.get(
    "/{name}/profit",
    operation_id="getListProfit",
    summary="Say how long a list should be",
    dependencies=READ,
    responses=problems(400, 401, 403, 404, 422, 503),
)
def show_profit(
    services: ServicesDep, name: ListName, query: Annotated[ProfitQuery, Query()]
) -> ProfitInfo:
    """Return the expected profit by length, and the best one. Needs the scope `read`.

    Terms that are given take the place of the list's action.
    """
    profit = profit_of(services.store, name, query.model_dump())
    head = {
        name: getattr(profit, name) for name in ("run_id", "as_of", "model_version")
    }
    return ProfitInfo.model_validate({**head, **profit.to_dict()})


@router.get(
    "/{name}/export",
    operation_id="exportList",
    summary="Take a list as a file",
    response_class=Response,
    dependencies=READ,
    responses={
        200: {
            "content": {
                media.partition(";")[0]: {
                    "schema": {"type": "string", "format": "binary"}
                }
                for media in FORMATS.values()
            }
        },
        **problems(400, 401, 403, 404, 422, 503),
    },
)
def export_list(
    services: ServicesDep, name: ListName, query: Annotated[ExportQuery, Query()]
) -> Response:
    """Return the members as CSV, Excel or Parquet. Needs the scope `read`."""
    sheet = sheet_of(services.store, name, owner=query.owner, language=query.lang)
    return Response(
        write_sheet(sheet, query.format),
        media_type=FORMATS[query.format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{query.format}"',
            "Regulars-Run": sheet.run_id,
        },
    )


def who_asks(request: Request) -> str:
    """Return the id of the caller's key."""
    return str(request.scope.get("key_id", ""))


def info(in_run: ListInRun) -> dict[str, Any]:
    """Return what is shown of a list."""
    stored, run = in_run.stored, in_run.run
    return {
        "name": stored.name,
        "source": stored.source,
        "title": stored.definition.title,
        "title_zh": stored.definition.title_zh,
        "run_id": run.run_id,
        "as_of": run.as_of,
        "taken_at": stored.taken_at,
        "definition": stored.definition.to_dict(),
        **in_run.outcome,
    }


def member_object(member: Member) -> str:
    """Return a member as JSON, with the score as it stands."""
    plain = ("place", "source", "owner_id", "expected_profit")
    parts = {name: json.dumps(getattr(member, name)) for name in plain}
    return json_object({**parts, "score": member.body})


def move_info(move: Move) -> dict[str, Any]:
    """Return what is shown of one who came or left."""
    changes = [
        {
            "rule": change.rule,
            "values": [
                {"column": name, "before": before, "after": after}
                for name, (before, after) in change.values.items()
            ],
        }
        for change in move.changes
    ]
    return {
        "customer_id": move.customer_id,
        "why": move.why,
        "reason": move.reason,
        "changes": changes,
    }

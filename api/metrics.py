"""What a monitoring system reads, in the text form of Prometheus.

Rule of the room: everything is read from the tables at the moment of asking, so that any process
gives the same numbers.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from flask import Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from api.access import Access
from api.routes import Routes
from api.serving import the_ledger
from ledger.projections.fund_reports import WatchedFund, watched_funds
from ledger.projections.registry import VIEWS
from ledger.store.following import Standing, standing

routes = Routes("metrics", description="For whatever measures the deployment.")

_DOCUMENT: Final = {
    "description": "Metrics in the text form of Prometheus.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


@routes.get("/metrics")
@routes.describes(
    Access(("auditor", "operator"), every_programme=True),
    {HTTPStatus.OK: _DOCUMENT},
    problems=(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def read_metrics() -> Response:
    """Read how far every log and view has come; the key must open all programmes."""
    registry = CollectorRegistry(auto_describe=False)
    database = the_ledger().database
    registry.register(StandingCollector(standing(database, list(VIEWS))))
    registry.register(AlarmCollector(watched_funds(database)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class AlarmCollector:
    """How many alarms of every watched fund stand, as a gauge."""

    def __init__(self, funds: list[WatchedFund]) -> None:
        self._funds = funds

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauge."""
        gauge = GaugeMetricFamily(
            "ledger_fund_alarms_raised",
            "Thresholds below which a fund's available money stands.",
            labels=["programme", "fund"],
        )
        for fund in self._funds:
            gauge.add_metric([fund.programme_id, fund.fund_id], len(fund.raised_fen))
        yield gauge


class StandingCollector:
    """Where views stand, as gauges."""

    def __init__(self, views: list[Standing]) -> None:
        self._views = views

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges."""
        log = GaugeMetricFamily("ledger_log_position", "Events in a programme's log.", labels=["programme"])
        for programme_id, head in {view.programme_id: view.head for view in self._views}.items():
            log.add_metric([programme_id], head)
        yield log
        gauges = {
            "ledger_view_position": "Events of the log that a view has taken.",
            "ledger_view_lag_events": "Events of the log that a view has still to take.",
            "ledger_view_stopped": "1 when a view met an event that it cannot take.",
        }
        for name, meaning in gauges.items():
            gauge = GaugeMetricFamily(name, meaning, labels=["programme", "view"])
            for view in self._views:
                value = {
                    "ledger_view_position": view.position,
                    "ledger_view_lag_events": view.lag_events,
                    "ledger_view_stopped": int(view.stopped_position is not None),
                }[name]
                gauge.add_metric([view.programme_id, view.view_name], value)
            yield gauge

"""What the dashboards are put together from: queries, panels, rows and the frame around them.

A query says `<here>` for "of the chosen installation" and `<olt>` for "of the chosen OLT of it": labels that the scrape or
the metric gives. No query looks at `job`, so the dashboards hold for any scrape.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
_PLACES = {
    "<here>": 'namespace=~"$namespace"',
    "<olt>": 'namespace=~"$namespace",olt="$olt"',
}
TAG = "acende"
Steps = Sequence[tuple[float | None, str]]
"""Thresholds: from this value on, this colour; the first value is None."""
Row = tuple[str, Sequence[Builder[model.Panel]]]


class _Panel(Protocol):
    """What every kind of panel can be told."""

    def title(self, title: str) -> Any: ...
    def description(self, description: str) -> Any: ...
    def datasource(self, datasource: model.DataSourceRef) -> Any: ...
    def unit(self, unit: str) -> Any: ...
    def span(self, w: int) -> Any: ...
    def height(self, h: int) -> Any: ...
    def with_target(self, target: Any) -> Any: ...
    def thresholds(self, thresholds: Any) -> Any: ...


# -------------------------------------------------------------------------------------------------------------- queries


def query(expr: str, legend: str = "", *, exemplars: bool = False) -> prometheus.Dataquery:
    """A query over the time range. `exemplars`: show the traces behind a histogram."""
    return _query(expr, legend).range().exemplar(exemplars)


def now(expr: str, legend: str = "") -> prometheus.Dataquery:
    """A query at the end of the time range."""
    return _query(expr, legend).instant()


def rows(expr: str) -> prometheus.Dataquery:
    """A query at the end of the time range, one row of a table for each series."""
    return now(expr).format(PromQueryFormat.TABLE)


def _query(expr: str, legend: str) -> prometheus.Dataquery:
    for place, labels in _PLACES.items():
        expr = expr.replace(place, labels)
    return prometheus.Dataquery().datasource(DATASOURCE).expr(expr).legend_format(legend)


def quantiles(
    metric: str, *, by: str = "", labels: str = "<here>", of: Sequence[float] = (0.5, 0.95)
) -> list[prometheus.Dataquery]:
    """Quantiles of a histogram, for each value of the label `by`, with its exemplars."""
    group, legend = (f"{by}, le", f"{{{{{by}}}}} ") if by else ("le", "")
    return [
        query(
            f"histogram_quantile({q}, sum by ({group}) (rate({metric}_bucket{{{labels}}}[$__rate_interval])))",
            f"{legend}p{q * 100:g}",
            exemplars=True,
        )
        for q in of
    ]


# --------------------------------------------------------------------------------------------------------------- panels


def lines(
    title: str,
    about: str,
    unit: str,
    *targets: prometheus.Dataquery,
    width: int = 8,
    steps: Steps = (),
    stacked: bool = False,
    least: float | None = 0,
) -> timeseries.Panel:
    """Series over time; `steps` are drawn as lines, the axis begins at `least`."""
    panel = (
        timeseries.Panel()
        .fill_opacity(25 if stacked else 6)
        .line_width(1)
        .show_points(look.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(look.LegendDisplayMode.TABLE)
            .placement(look.LegendPlacement.BOTTOM)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common.VizTooltipOptions().mode(look.TooltipDisplayMode.MULTI).sort(look.SortOrder.DESCENDING)
        )
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(look.StackingMode.NORMAL))
    if least is not None:
        panel.min(least)
    if steps:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(look.GraphTresholdsStyleMode.DASHED))
    _common(panel, title, about, unit, targets, (width, 8), steps)
    return panel


def figure(
    title: str,
    about: str,
    unit: str,
    *targets: prometheus.Dataquery,
    width: int = 4,
    steps: Steps = (),
    words: dict[str, tuple[str, str]] | None = None,
) -> stat.Panel:
    """The value now, large. `words`: what a value is called, and its colour."""
    panel = (
        stat.Panel()
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(look.BigValueGraphMode.NONE)
        .text_mode(look.BigValueTextMode.AUTO)
        .color_mode(look.BigValueColorMode.BACKGROUND if steps or words else look.BigValueColorMode.NONE)
    )
    if words:
        results = {
            value: model.ValueMappingResult(text=text, color=color, index=index)
            for index, (value, (text, color)) in enumerate(words.items())
        }
        panel.mappings([model.ValueMap(options=results)])
    _common(panel, title, about, unit, targets, (width, 4), steps)
    return panel


def bars(
    title: str, about: str, unit: str, *targets: prometheus.Dataquery, width: int = 8, steps: Steps = ()
) -> bargauge.Panel:
    """Values now, as bars of one scale."""
    panel = (
        bargauge.Panel()
        .orientation(look.VizOrientation.HORIZONTAL)
        .display_mode(look.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .min(0)
        .no_value("none")
    )
    _common(panel, title, about, unit, targets, (width, 8), steps)
    return panel


def heat(title: str, about: str, unit: str, bucket: str) -> heatmap.Panel:
    """A histogram over time; `bucket` is its `_bucket` with its labels."""
    target = query(f"sum by (le) (increase({bucket}[$__rate_interval]))", "{{le}}", exemplars=True)
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(32)
    panel = heatmap.Panel().color(colours.exponent(0.5).fill("dark-orange"))
    _common(panel, title, about, "short", [target.format(PromQueryFormat.HEATMAP)], (12, 8), ())
    panel.y_axis(heatmap.YAxisConfig().unit(unit))
    return panel


def listing(
    title: str,
    about: str,
    *targets: prometheus.Dataquery,
    columns: Sequence[tuple[str, str]],
    width: int = 24,
    height: int = 9,
) -> table.Panel:
    """A table. `columns`: which fields, in this order, and what each is called; the others are left out."""
    panel = table.Panel().show_header(True)
    panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        model.DataTransformerConfig(
            id_val="filterFieldsByName", options={"include": {"names": [field for field, _ in columns]}}
        )
    )
    panel.with_transformation(
        model.DataTransformerConfig(
            id_val="organize",
            options={
                "indexByName": {field: place for place, (field, _) in enumerate(columns)},
                "renameByName": dict(columns),
            },
        )
    )
    _common(panel, title, about, "short", targets, (width, height), ())
    return panel


def override(
    panel: table.Panel, column: str, unit: str = "", *, link: str = "", title: str = ""
) -> table.Panel:
    """Give a column a unit, or a link."""
    properties = [model.DynamicConfigValue(id_val="unit", value=unit)] if unit else []
    if link:
        properties.append(model.DynamicConfigValue(id_val="links", value=[{"title": title, "url": link}]))
    return panel.override_by_name(column, properties)


def _common(
    panel: _Panel,
    title: str,
    about: str,
    unit: str,
    targets: Sequence[prometheus.Dataquery],
    size: tuple[int, int],
    steps: Steps,
) -> None:
    panel.title(title)
    panel.description(about)
    panel.datasource(DATASOURCE)
    panel.unit(unit)
    panel.span(size[0])
    panel.height(size[1])
    for place, target in enumerate(targets):
        panel.with_target(target.ref_id("ABCDEFGHIJ"[place]))
    colours = [model.Threshold(value=value, color=color) for value, color in steps or ((None, "green"),)]
    panel.thresholds(dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(colours))


# ---------------------------------------------------------------------------------------------------------------- frame


def variable(name: str, label: str, metric: str, *, every: bool = False) -> dashboard.QueryVariable:
    """The values of a label as a choice; with `every`, one may choose all, and an absent label counts."""
    choice = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )
    if every:
        choice.include_all(True).all_value(".*").current(model.VariableOption(text="All", value="$__all"))
    return choice


def board(
    uid: str,
    title: str,
    about: str,
    content: Sequence[Row],
    variables: Sequence[dashboard.QueryVariable] = (),
) -> model.Dashboard:
    """A dashboard of rows of panels, with the choices and links that all of ours have."""
    frame = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags([TAG])
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Acende")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(True)
            .include_vars(True)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(variable("namespace", "Installation", "acende_build_info", every=True))
        .annotation(_alerts())
    )
    for choice in variables:
        frame.with_variable(choice)
    for heading, panels in content:
        frame.with_row(dashboard.Row(heading))
        for panel in panels:
            frame.with_panel(panel)
    return _numbered(frame.build())


def _alerts() -> dashboard.AnnotationQuery:
    """Firing alerts, drawn over every panel."""
    return (
        dashboard.AnnotationQuery()
        .name("Alerts")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("red")
        .expr('ALERTS{alertname=~"Acende.+",alertstate="firing",namespace=~"$namespace"}')
    )


def _numbered(built: model.Dashboard) -> model.Dashboard:
    """Panels bear the number of their place: a link to one stays, and so does the file."""
    for number, panel in enumerate(built.panels or (), start=1):
        panel.id_val = number
    return built

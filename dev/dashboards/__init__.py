"""Grafana's dashboards as code: `python -m dev.dashboards` writes helm/acende/files/dashboards, `--check` only compares."""

"""The folder of one run: the worker's configuration, its database and its log. It stays, so that one can look further."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from dev.machine import ROOT
from schemas.inventory import Olt
from schemas.yaml import read

CONFIG = ROOT / "dev" / "config"
INVENTORY, SERVICES = CONFIG / "inventory.yaml", CONFIG / "services.yaml"
USER = "acende"
_KEPT_OF_AN_OLT = {"address", "port", "host_key"}


@dataclass(frozen=True)
class RunFolder:
    """Its files."""

    path: Path
    olt_password: str

    @classmethod
    def make(cls, path: Path | None) -> RunFolder:
        """A folder nobody else may read; a new one in the temporary folder where none is named.

        Raises OSError, FileExistsError where it holds an earlier run.
        """
        if path is None:
            path = Path(tempfile.mkdtemp(prefix="acende-demo-"))
        path = path.resolve()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = cls(path, f"demo-olt-{secrets.token_hex(8)}")
        made.secrets.mkdir(mode=0o700)
        made._secret("olt_username", USER)
        made._secret("olt_password", made.olt_password)
        made._secret("acende_digest_key", secrets.token_hex(16))
        return made

    @property
    def secrets(self) -> Path:
        """One file for each secret: the settings' (`ACENDE_SECRETS_DIR`) and the OLTs' account."""
        return self.path / "secrets"

    @property
    def log(self) -> Path:
        """What the worker logs."""
        return self.path / "worker.log"

    @property
    def environment(self) -> Path:
        """What a shell sources to have `acende` look into this run."""
        return self.path / "env.sh"

    def _secret(self, name: str, value: str) -> None:
        file = self.secrets / name
        file.touch(mode=0o600)
        file.write_text(value)

    def configure(self, served: Iterable[Olt]) -> None:
        """Write the configuration: `dev/config` with the OLTs as they listen, and their account from `secrets`."""
        rows = read(INVENTORY).data
        rows["credentials"] = {name: self._account() for name in rows["credentials"]}
        by_id = {olt.id: olt.model_dump(mode="json", include=_KEPT_OF_AN_OLT) for olt in served}
        rows["olts"] = [_listening(row, by_id[row["id"]]) for row in rows["olts"]]
        (self.path / "inventory.yaml").write_text(yaml.safe_dump(rows, sort_keys=False))
        shutil.copy(SERVICES, self.path / "services.yaml")

    def _account(self) -> dict[str, dict[str, str]]:
        files = {"username": self.secrets / "olt_username", "password": self.secrets / "olt_password"}
        return {name: {"file": str(file)} for name, file in files.items()}

    def settings(
        self, kafka: str, topics: Mapping[str, str], more: Mapping[str, str | float]
    ) -> dict[str, str]:
        """Every `ACENDE_` variable of the worker, written for a shell too. No secret is among them."""
        found = {
            "ACENDE_KAFKA_SERVERS": kafka,
            "ACENDE_KAFKA_GROUP": topics["group"],
            **{f"ACENDE_TOPIC_{name.upper()}": topics[name] for name in topics if name != "group"},
            "ACENDE_DATABASE_URL": f"sqlite:///{self.path / 'acende.db'}",
            "ACENDE_INVENTORY_FILE": str(self.path / "inventory.yaml"),
            "ACENDE_SERVICES_FILE": str(self.path / "services.yaml"),
            "ACENDE_SECRETS_DIR": str(self.secrets),
            "ACENDE_HTTP_HOST": "127.0.0.1",
            "ACENDE_HTTP_PORT": "0",
            **{f"ACENDE_{name.upper()}": str(value) for name, value in more.items()},
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in found.items()]
        here = shlex.quote(str(Path(sys.executable).parent))
        self.environment.write_text("\n".join([*lines, f'export PATH={here}:"$PATH"', ""]))
        return found


def _listening(row: Mapping[str, object], olt: Mapping[str, object]) -> dict[str, object]:
    plain = {name: value for name, value in row.items() if name != "simulator"}
    return plain | {name: value for name, value in olt.items() if value is not None}


def without_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without anybody's settings of Acende, which would reach into the run."""
    return {name: value for name, value in environment.items() if not name.startswith("ACENDE_")}

"""From settings to the configuration and the database: what every command needs."""

from datetime import timedelta
from functools import lru_cache, partial

from schemas.catalog import Catalogue
from schemas.configuration import Configuration
from schemas.loading import load_configuration
from schemas.yaml import ConfigError
from vendors.catalog import shipped
from vendors.registry import PLATFORMS
from worker.facts import Rules
from worker.settings import ConfigurationError, Settings
from worker.slis import Finals
from worker.store.db import Context, Store

_MODELS_KNOWN = 4096
"""Names of models of which the answer is remembered: stock has few, and each event asks."""


def configuration(settings: Settings) -> Configuration:
    """Inventory, provisioning models and catalogue. Raises ConfigurationError with file and line of every fault."""
    try:
        return load_configuration(
            settings.inventory_file, settings.services_file, shipped(), platforms=PLATFORMS
        )
    except ConfigError as error:
        raise ConfigurationError(str(error)) from None


def open_store(settings: Settings, config: Configuration | None = None) -> Store:
    """The database with what its transactions know. Raises ConfigurationError for a URL we do not know."""
    try:
        return Store.open(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            timeout_s=settings.database_timeout_s,
            shared=Context(
                topics=settings.topics,
                rules=order_rules(settings, config),
                finished=Finals(_platforms(config)).count,
            ),
        )
    except ValueError as error:
        raise ConfigurationError(f"ACENDE_DATABASE_URL: {error}") from None


def _platforms(config: Configuration | None) -> dict[str, str]:
    return {olt.id: olt.platform for olt in config.inventory.olts} if config else {}


def order_rules(settings: Settings, config: Configuration | None = None) -> Rules:
    """Durations of an order's life, and what is known of models."""
    return Rules(
        digest_key=settings.digest_key.get_secret_value().encode() if settings.digest_key else b"",
        unit_wait=timedelta(seconds=settings.unit_wait_s),
        verdict_delay=timedelta(seconds=settings.verdict_delay_s),
        order_max_age=timedelta(seconds=settings.order_max_age_s),
        cancel_window=timedelta(seconds=settings.cancel_window_s),
        provision_deadline=timedelta(seconds=settings.provision_deadline_s),
        deprovision_deadline=timedelta(seconds=settings.deprovision_deadline_s),
        secret_keep=timedelta(seconds=settings.secret_keep_s),
        inbox_keep=timedelta(seconds=settings.inbox_keep_s),
        personal_keep=timedelta(seconds=settings.personal_keep_s),
        jobs_keep=timedelta(seconds=settings.jobs_keep_s),
        is_onu=lru_cache(_MODELS_KNOWN)(partial(_is_onu, config, shipped())),
    )


def _is_onu(config: Configuration | None, catalogue: Catalogue, model: str | None) -> bool | None:
    known = config or catalogue
    if not model or not (known.is_onu(model) or known.is_not_onu(model)):
        return None
    return known.is_onu(model)

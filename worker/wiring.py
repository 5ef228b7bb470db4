"""From settings to the provisioning loop: the one place that knows both."""

import asyncio
import os
from functools import partial

from schemas.configuration import Configuration
from schemas.inventory import Olt
from vendors import registry
from vendors.contract import Adapter
from vendors.session import OltTarget
from worker.breaker import BreakerPolicy
from worker.connect import Connector
from worker.credentials import CredentialMissing, missing, read_login
from worker.lease import LeaseRule
from worker.ledger import SaveRule
from worker.olt_worker import Shared
from worker.provision import Provisioner
from worker.reconcile import Rules
from worker.retry import RetryPolicy
from worker.settings import ConfigurationError, Settings
from worker.store.db import Store
from worker.verify import Patience


def require_credentials(config: Configuration) -> None:
    """Raises ConfigurationError where a reference to credentials leads nowhere."""
    if faults := [f"credentials {name}: {why}" for name, why in missing(config.inventory, os.environ)]:
        raise ConfigurationError("\n".join(faults))


def provisioner(settings: Settings, config: Configuration, store: Store) -> Provisioner:
    """The provisioning loop. Raises ConfigurationError where the key of digests is not set."""
    return Provisioner(
        shared(settings, config, store),
        name=settings.name,
        parallel=settings.olts_parallel,
        lease=lease_rule(settings),
        olt_gone_s=settings.olt_gone_s,
    )


def shared(settings: Settings, config: Configuration, store: Store) -> Shared:
    """What all OLTs of one worker have in common. Raises ConfigurationError where the key of digests is not set."""
    return Shared(
        store=store,
        config=config,
        rules=job_rules(settings),
        connect=Connector(partial(target, settings, config), settings.connect_timeout_s),
        adapter=adapter,
        parallel=asyncio.Semaphore(settings.olts_parallel),
        breaker=breaker_policy(settings),
        login_retries=settings.login_retries,
        idle_s=settings.session_idle_s,
    )


def target(settings: Settings, config: Configuration, olt: Olt) -> OltTarget:
    """Where the OLT is and who logs in, credentials read now. Raises ConfigurationError."""
    try:
        login = read_login(config.inventory.credentials_of(olt), os.environ)
        found = OltTarget.of(olt, login.username, login.password, login.enable_password)
    except CredentialMissing as error:
        raise ConfigurationError(f"{olt.id}: {error}") from None
    except ValueError:
        raise ConfigurationError(
            f"{olt.id}: its user name or password cannot be typed on a command line: printable ASCII, one line"
        ) from None
    return found.model_copy(
        update={
            "command_timeout_s": found.command_timeout_s or settings.command_timeout_s,
            "save_timeout_s": settings.save_timeout_s,
            "reply_limit": settings.reply_limit_mb << 20,
        }
    )


def adapter(platform: str) -> Adapter:
    """The adapter of a platform. Raises KeyError."""
    return registry.vendor(platform).adapter


def job_rules(settings: Settings) -> Rules:
    """How jobs are run."""
    return Rules(
        digest_key=settings.digest_secret(),
        patience=Patience(
            light_s=settings.light_wait_s,
            light_poll_s=settings.light_poll_s,
            light_fast_for_s=settings.light_poll_fast_for_s,
            light_poll_slow_s=settings.light_poll_slow_s,
            online_s=settings.online_wait_s,
            online_poll_s=settings.online_poll_s,
        ),
        retry=RetryPolicy(
            settings.attempts_max, settings.backoff_first_s, settings.backoff_max_s, settings.backoff_jitter
        ),
        save=SaveRule(settings.save_debounce_s, settings.save_latest_s),
    )


def breaker_policy(settings: Settings) -> BreakerPolicy:
    """When an OLT is left alone."""
    return BreakerPolicy(
        failures=settings.breaker_failures,
        first_s=settings.breaker_first_s,
        longest_s=settings.breaker_max_s,
        jitter=settings.backoff_jitter,
    )


def lease_rule(settings: Settings) -> LeaseRule:
    """How long an OLT is held."""
    return LeaseRule(
        lease_s=settings.lease_s,
        renew_s=settings.lease_renew_s,
        margin_s=settings.lease_margin_s,
        long_extra_s=settings.lease_long_extra_s,
    )

"""`secrets://vault/MOUNT/PATH#KEY`: a key of a KV engine, version 1 or 2, of HashiCorp Vault or OpenBao.

One login per run, one read per path, however many keys of it are asked for. What this run bought is
revoked at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from callsheet.model.errors import SecretError
from callsheet.secrets import vault_errors as errors
from callsheet.secrets.base import Surroundings
from callsheet.secrets.once import Once
from callsheet.secrets.values import value_of
from callsheet.secrets.vault_settings import Login, VaultSettings, login

if TYPE_CHECKING:
    import hvac

T = TypeVar("T")
# A lease is renewed when this much of it has gone by.
_RENEW = 2 / 3


@dataclass(frozen=True, slots=True)
class _Mount:
    path: str  # with a slash at its end
    version: int


@dataclass(slots=True)
class _Lease:
    """The token that is used. `seconds` is 0 where it does not lapse, or is not ours to renew."""

    origin: str
    made_here: bool = False
    seconds: float = 0.0
    since: float = 0.0
    renewable: bool = False


class VaultResolver:
    """Made without asking anybody; logs in with the first reference."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._secrets: Once[str, Mapping[str, Any]] = Once(errors.FOR_ALL)
        self._mounts: dict[str, _Mount] = {}
        self._known: set[str] = set()
        self._client: hvac.Client | None = None
        self._lease: _Lease | None = None
        self._settings: VaultSettings | None = None

    def __repr__(self) -> str:
        return "VaultResolver()"

    def resolve(self, rest: str, uri: str) -> str:
        path, _, key = rest.partition("#")
        mount, _, inner = path.partition("/")
        if not (mount and inner and key) or "?" in path or ".." in path.split("/") or path.endswith("/"):
            raise SecretError(
                f"{uri}: no reference into Vault",
                detail="It needs a mount, a path below it and a key.",
                hint="one looks like secrets://vault/kv/voice/jira#token",
                code="secret.reference",
            )
        where = f"secrets://vault/{path}"
        return value_of(self._secrets.get(path, lambda: self._read(path, where)), key, uri)

    def close(self) -> None:
        client, lease = self._client, self._lease
        self._client = self._lease = None
        if client is None:
            return
        try:
            if lease is not None and lease.made_here:
                client.auth.token.revoke_self()
        finally:
            client.adapter.close()

    # the connection

    def _open(self) -> hvac.Client:
        """A client with a token that has not lapsed."""
        if self._client is None:
            try:
                import hvac as _  # noqa: F401
            except ImportError:
                raise errors.no_hvac() from None
            self._settings = settings = VaultSettings.read(self._around.variables)
            self._client = _client(settings)
        if self._lease is None or self._lapses(self._lease):
            self._lease = self._renewed(self._client) or self._logged_in(self._client)
        return self._client

    def _lapses(self, lease: _Lease) -> bool:
        return bool(lease.seconds) and self._around.monotonic() - lease.since >= lease.seconds * _RENEW

    def _renewed(self, client: hvac.Client) -> _Lease | None:
        """The lease, longer than before; None where it cannot be, as beyond its maximum."""
        from hvac.exceptions import VaultError

        lease = self._lease
        if lease is None or not lease.renewable:
            return None
        try:
            answer = self._sent(client.auth.token.renew_self)
        except VaultError:
            return None
        now = self._bought(answer, lease.origin)
        # Near its maximum Vault grants next to nothing; then a new login is the cheaper way.
        return now if now.seconds > lease.seconds / 2 else None

    def _logged_in(self, client: hvac.Client) -> _Lease:
        from hvac.exceptions import VaultError

        who = login(self._around.variables, self._around.id_token)
        for name, value in who.credentials.items():
            if name not in ("role", "role_id"):
                self._hide(value)
        if who.method == "token":
            client.token = who.credentials["token"]
            return _Lease(who.origin)
        client.token = ""
        try:
            answer = self._sent(lambda: _enter(client, who))
        except VaultError as cause:
            raise errors.login_refused(
                cause, self._address, who.method, who.path, who.origin, self._known
            ) from None
        lease = self._bought(answer, f"the login by {who.method}")
        client.token = answer["auth"]["client_token"]
        return lease

    def _bought(self, answer: Any, origin: str) -> _Lease:
        auth = answer.get("auth") if isinstance(answer, dict) else None
        if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str):
            raise errors.not_vault(self._address)
        self._hide(auth["client_token"])
        seconds = float(auth.get("lease_duration") or 0)
        return _Lease(origin, True, seconds, self._around.monotonic(), bool(auth.get("renewable")))

    def _sent(self, ask: Callable[[], T]) -> T:
        """One request. VaultErrors that concern this request alone pass."""
        from hvac.exceptions import VaultError
        from requests.exceptions import RequestException

        timeout = self._settings.timeout if self._settings else 0.0
        try:
            return ask()
        except (VaultError, RequestException, OSError) as cause:
            found = errors.unavailable(cause, self._address, timeout, self._known)
            if found is None:
                raise
        raise found

    @property
    def _address(self) -> str:
        return self._settings.address if self._settings else ""

    def _hide(self, value: str) -> None:
        self._known.add(value)
        self._around.hide(value)

    # reading

    def _read(self, path: str, where: str) -> Mapping[str, Any]:
        client = self._open()
        from hvac.exceptions import Forbidden, InvalidPath, VaultError

        mount = self._mount(client, path, where)
        inner = path.removeprefix(mount.path)
        try:
            if mount.version == 1:
                answer = self._sent(lambda: client.secrets.kv.v1.read_secret(inner, mount_point=mount.path))
            else:
                # `True`: a deleted version is a 404 with an explanation, as a destroyed one always is.
                answer = self._sent(
                    lambda: client.secrets.kv.v2.read_secret_version(
                        inner, mount_point=mount.path, raise_on_deleted_version=True
                    )
                )
        except InvalidPath as cause:
            if mount.version == 2 and (about := _metadata(cause.json)):
                raise errors.gone(where, mount.path, inner, about) from None
            raise errors.missing(where, mount.path, inner, mount.version) from None
        except Forbidden:
            self._check_token(client)
            infix = "data/" if mount.version == 2 else ""
            raise errors.denied(where, f"{mount.path}{infix}{inner}") from None
        except VaultError as cause:
            raise errors.refused(cause, where, self._known) from None
        data = answer.get("data") if isinstance(answer, dict) else None
        if mount.version == 2 and isinstance(data, dict):
            data = data.get("data")
        if not isinstance(data, dict):
            raise errors.not_vault(self._address)
        return data

    def _mount(self, client: hvac.Client, path: str, where: str) -> _Mount:
        """Where the engine of `path` is mounted, with which version. A mount may have slashes in it."""
        from hvac.exceptions import VaultError
        from hvac.utils import format_url

        for known in self._mounts.values():
            if path.startswith(known.path):
                return known
        asked = format_url("/v1/sys/internal/ui/mounts/{path}", path=path)
        try:
            answer = self._sent(lambda: client.adapter.get(asked))
        except VaultError as cause:
            self._check_token(client)
            raise errors.no_mount(cause, where, self._address, self._known) from None
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or not isinstance(data.get("path"), str):
            raise errors.not_vault(self._address)
        sort = str(data.get("type"))
        if sort not in ("kv", "generic"):
            raise errors.wrong_engine(where, data["path"], sort)
        version = 2 if str((data.get("options") or {}).get("version")) == "2" else 1
        return self._mounts.setdefault(data["path"], _Mount(data["path"], version))

    def _check_token(self, client: hvac.Client) -> None:
        """Vault says `permission denied` to a bad token and to a good one without the right policy."""
        from hvac.exceptions import Forbidden

        lease = self._lease
        try:
            self._sent(client.auth.token.lookup_self)
        except Forbidden:
            if lease is not None:
                raise errors.token_refused(self._address, lease.origin, lease.made_here) from None


def _enter(client: hvac.Client, who: Login) -> Any:
    asked = dict(who.credentials)
    if who.method == "approle":
        return client.auth.approle.login(**asked, use_token=False, mount_point=who.path)
    if who.method == "kubernetes":
        return client.auth.kubernetes.login(**asked, use_token=False, mount_point=who.path)
    return client.auth.jwt.jwt_login(**asked, use_token=False, path=who.path)


def _client(settings: VaultSettings) -> hvac.Client:
    import hvac
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    class Downgrade(requests.RequestException):
        """A redirect from https to http."""

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target and (resp.url or "").startswith("https:") and target.lower().startswith("http:"):
                # The token goes with a request that is sent on.
                raise Downgrade
            return target

    session = Session()
    session.max_redirects = 3
    session.verify = settings.verify
    session.cert = settings.certificate
    # Else requests sends what ~/.netrc has for that host.
    session.auth = lambda asked: asked
    # Reads alone, because a login that is sent twice may buy two tokens. 412: a replica lags behind.
    again = Retry(
        connect=0, read=False, status=1, other=0, status_forcelist=(412, 502, 504), allowed_methods={"GET"},
        redirect=0, raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=again))
    return hvac.Client(
        url=settings.address,
        token="",
        session=session,
        timeout=settings.timeout,
        namespace=settings.namespace,
    )


def _metadata(body: Any) -> Mapping[str, Any] | None:
    """What Vault says of a version that it does not give out."""
    data = body.get("data") if isinstance(body, dict) else None
    about = data.get("metadata") if isinstance(data, dict) else None
    return about if isinstance(about, dict) else None
